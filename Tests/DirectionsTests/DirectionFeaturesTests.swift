import Imaging
import Tensors
import Testing

@testable import Directions

struct DirectionFeaturesTests {
  static let all: [DirectionFeatures] = [
    .cellSums(rows: 3, columns: 4), .cellLengths(rows: 5, columns: 2), .channelSums,
    .cosines(perSide: 5), .partSums(labels: (0..<63).map { $0 * $0 % 5 % 4 }),
  ]
  let displacement = CounterRandom(seed: 9).normal([3, 7, 9], sample: 0)

  @Test(arguments: all)
  func `every feature has a value, a name of its own and a place`(features: DirectionFeatures) {
    let described = features.features(of: displacement.shape)
    #expect(features.values(of: displacement).count == described.count)
    #expect(Set(described.map(\.name)).count == described.count)
    let whole = PixelRect(x: 0, y: 0, width: 9, height: 7)
    #expect(described.allSatisfy { $0.place.intersection(whole) == $0.place })
  }

  @Test(arguments: all)
  func `a multiple has multiples for features`(features: DirectionFeatures) {
    let twice = Tensor(displacement.scalars.map { 2 * $0 }, shape: displacement.shape)
    // Powers of two are exact.
    #expect(features.values(of: twice) == features.values(of: displacement).map { 2 * $0 })
  }

  @Test func `cells cover every pixel once and keep sum and length`() {
    for (rows, columns) in [(1, 1), (3, 4), (7, 9), (2, 5)] {
      let sums = DirectionFeatures.cellSums(rows: rows, columns: columns)
      let places = sums.features(of: displacement.shape).map(\.place)
      #expect(places.map { $0.size.area }.reduce(0, +) == 63)
      let sum = displacement.scalars.reduce(0) { $0 + Double($1) }
      #expect((sums.values(of: displacement).reduce(0, +) - sum).magnitude < 1e-12)
      let lengths = DirectionFeatures.cellLengths(rows: rows, columns: columns)
      let squares = displacement.scalars.reduce(0) { $0 + Double($1) * Double($1) }
      let found = lengths.values(of: displacement).reduce(0) { $0 + $1 * $1 }
      #expect((found / squares - 1).magnitude < 1e-13)
    }
  }

  @Test func `a value lies in the cell and the channel that it belongs to`() {
    var one = Tensor(zeros: [3, 4, 6])
    one[1 * 24 + 3 * 6 + 2] = -2
    let sums = DirectionFeatures.cellSums(rows: 2, columns: 3)
    #expect(sums.values(of: one) == [0, 0, 0, 0, -2, 0])
    #expect(sums.features(of: one.shape)[4].name == "row 2, column 2")
    #expect(
      sums.features(of: one.shape)[4].place == PixelRect(x: 2, y: 2, width: 2, height: 2))
    #expect(
      DirectionFeatures.cellLengths(rows: 2, columns: 3).values(of: one) == [0, 0, 0, 0, 2, 0])
    #expect(DirectionFeatures.channelSums.values(of: one) == [0, -2, 0])
    #expect(
      DirectionFeatures.channelSums.features(of: one.shape).map(\.name) == ["red", "green", "blue"])
    #expect(DirectionFeatures.channelSums.features(of: [1, 4, 6]).map(\.name) == ["gray"])
  }

  @Test func `parts sum what they hold, and lie where they are`() {
    let one = Tensor((0..<12).map(Float.init), shape: [2, 2, 3])
    let parts = DirectionFeatures.partSums(labels: [0, 1, 1, 0, 2, 1])
    #expect(parts.values(of: one) == [18, 34, 14])
    #expect(
      parts.features(of: one.shape).map(\.place) == [
        PixelRect(x: 0, y: 0, width: 1, height: 2), PixelRect(x: 1, y: 0, width: 2, height: 2),
        PixelRect(x: 1, y: 1, width: 1, height: 1),
      ])
  }

  @Test func `cosines are SciPy's, and all of them keep lengths`() throws {
    let golden = try Matrices.golden()
    let given = Tensor(golden.displacement, shape: [2, 5, 6])
    let lowest = DirectionFeatures.cosines(perSide: 3).values(of: given)
    // The file's values were rounded to single precision.
    #expect(Matrices.distance(lowest, golden.cosines) < 1e-6)
    let square = CounterRandom(seed: 2).normal([2, 6, 6], sample: 0)
    let squares = square.scalars.reduce(0) { $0 + Double($1) * Double($1) }
    let found = DirectionFeatures.cosines(perSide: 6).values(of: square)
    #expect((found.reduce(0) { $0 + $1 * $1 } / squares - 1).magnitude < 1e-13)
    #expect(
      DirectionFeatures.cosines(perSide: 2).features(of: [3, 6, 6])[1].name
        == "red 1/2 × 0/2")
  }
}

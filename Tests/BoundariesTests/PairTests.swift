import Boundaries
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Where two given classes tie and lead together, whichever class leads at the start.
struct PairTests {
  /// Five classes in the plane: the tie of two is a line, of which third classes and the box leave a piece.
  @Test(arguments: UInt64(0)..<60) func `pairs of linear scores are exact, or there are none`(
    seed: UInt64
  ) throws {
    var random = TestRandom(seed)
    let rows = (0..<5).map { _ in random.tensor([2], in: -1...1).scalars }
    let bias = random.tensor([5], in: -0.3...0.3).scalars
    let start = random.tensor([2], in: 0...1).scalars
    let network = try CompiledNetwork(SmallNetworks.linear(rows, bias: bias))
    for (fact, foil) in [(0, 1), (2, 3), (4, 0)] {
      let outcome = try ProjectionSearch().nearestPoint(
        for: BoundaryQuery(PlainNetworks.input(start), fact: fact, foil: foil), using: network)
      let exact = Self.nearestTie(rows, bias, fact, foil, to: start)
      if let exact {
        let point = try #require(outcome.point, "\(outcome.status) \(fact) \(foil)")
        #expect(abs(point.distance - exact) < 1e-4, "\(point.distance), not \(exact)")
        #expect(point.thirdClassGap > -1e-4 && abs(point.margin) < 1e-4)
      } else {
        #expect(outcome.point == nil)
      }
      #expect(outcome.effort.gradients <= 60)
    }
  }

  /// The distance of the nearest point of the unit square at which two classes tie and lead; nil where
  /// there is none.
  private static func nearestTie(
    _ rows: [[Float]], _ bias: [Float], _ fact: Int, _ foil: Int, to start: [Float]
  ) -> Double? {
    let normal = (0..<2).map { Double(rows[fact][$0]) - Double(rows[foil][$0]) }
    let offset = Double(bias[fact]) - Double(bias[foil])
    let square = normal[0] * normal[0] + normal[1] * normal[1]
    let start = start.map(Double.init)
    let margin = normal[0] * start[0] + normal[1] * start[1] + offset
    // The line: foot + t · along.
    let foot = (0..<2).map { start[$0] - margin / square * normal[$0] }
    let along = [-normal[1] / square.squareRoot(), normal[0] / square.squareRoot()]
    var (low, high) = (-Double.infinity, Double.infinity)
    func require(_ slope: Double, _ value: Double) {
      // value + slope · t ≤ 0
      if slope > 0 { high = min(high, -value / slope) }
      if slope < 0 { low = max(low, -value / slope) }
    }
    for axis in 0..<2 {
      require(along[axis], foot[axis] - 1)
      require(-along[axis], -foot[axis])
    }
    for third in 0..<5 where third != fact && third != foil {
      let lead = (0..<2).map { Double(rows[third][$0]) - Double(rows[foil][$0]) }
      require(
        lead[0] * along[0] + lead[1] * along[1],
        lead[0] * foot[0] + lead[1] * foot[1] + Double(bias[third]) - Double(bias[foil]))
    }
    guard low <= high else { return nil }
    let place = min(max(0, low), high)
    return (margin * margin / square + place * place).squareRoot()
  }

  /// Every pair has its tie in this network, however deep in the region of others.
  @Test(.enabled(if: SharedFolder.exists), arguments: [20, 60])
  func `a trained network's pairs are found within the budget`(gradients: Int) throws {
    let folder = "golden/boundary"
    let inputs = try NPY.read(SharedFolder.file("\(folder)/inputs.npy").path)
    let model = CompiledNetwork(
      try ModelFile.read(SharedFolder.file("\(folder)/model.onnx").path).network)
    var queries: [BoundaryQuery] = []
    for index in 0..<10 {
      let input = inputs.item(index)
      let order = model.prediction(for: input).ranking(8)
      for (fact, foil) in [(0, 7), (0, 3), (5, 0), (1, 2), (4, 6)] {
        queries.append(try BoundaryQuery(input, fact: order[fact], foil: order[foil]))
      }
    }
    let outcomes = try ProjectionSearch(gradients: gradients).nearestPoints(
      for: queries, using: model)
    for (query, outcome) in zip(queries, outcomes) {
      #expect(outcome.effort.gradients <= gradients)
      let point = try #require(outcome.point, "\(outcome.status)")
      #expect(point.point.scalars.allSatisfy { (0...1).contains($0) })
      let ranking = model.prediction(for: point.point)
      let scores = ranking.logits
      let tie = (scores[query.fact] + scores[point.foil]) / 2
      #expect(point.foil == query.foil)
      #expect(abs(scores[query.fact] - scores[point.foil]) < 1e-3)
      #expect((scores.max() ?? .infinity) - tie < 1e-3)
    }
    let alone = try ProjectionSearch(gradients: gradients).nearestPoint(
      for: queries[3], using: model)
    #expect(alone.point?.point == outcomes[3].point?.point && alone.effort == outcomes[3].effort)
  }
}

import Tensors
import Testing

@testable import Directions

@Suite(.enabled(if: Factorizations.isAvailable, Matrices.needsLAPACK))
struct PrincipalDirectionsTests {
  /// Eigenvalues are those of squares, of which double precision keeps 10⁻¹⁶ of the largest.
  let tolerance = 1e-12

  @Test func `directions of a linear model have one component, its weights`() throws {
    let w = [3.0, -4, 12]
    let rows = [0.5, -1, 2.25, 0.125].map { scale in w.map { scale * $0 / 169 } }
    for centered in [true, false] {
      let found = try PrincipalDirections(of: DirectionRows(rows), leading: 3, centered: centered)
      #expect(found.shares.count == 1 && (found.shares[0] - 1).magnitude < 1e-12)
      #expect(Matrices.distance(found.components, [w.map { $0 / 13 }]) < tolerance)
    }
    // Centred, a direction that is always the same explains nothing.
    let alike = try PrincipalDirections(of: DirectionRows([w, w, w]), leading: 2)
    #expect(alike.shares.isEmpty && alike.components.isEmpty && alike.scores == [[], [], []])
    #expect(alike.mean == w && alike.sumOfSquares == 0)
  }

  @Test func `directions that were rounded to single precision still have one component`() throws {
    let w = CounterRandom(seed: 1).normal([3, 16, 16], sample: 0)
    let scales: [Float] = [0.01, -0.3, 1, 0.07, 0.5]
    let rows = DirectionRows(count: 5, length: w.count) { (index: Int) -> Tensor in
      Tensor(w.scalars.map { $0 * scales[index] / 3 }, shape: w.shape)
    }
    let found = try PrincipalDirections(of: rows, leading: 2)
    #expect(found.shares.count == 1)
    let picture = found.component(0, shape: w.shape)
    let alignment = zip(picture.scalars, w.scalars).reduce(0) { $0 + $1.0 * $1.1 }
    let length = w.scalars.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect((alignment.magnitude / length - 1).magnitude < 1e-5)
  }

  @Test(arguments: [(12, 5), (5, 12), (9, 9), (33, 301)], [true, false])
  func `components are orthonormal and rebuild the rows`(
    size: (rows: Int, columns: Int), centered: Bool
  ) throws {
    let rows = Matrices.normal(size.rows, size.columns)
    let found = try PrincipalDirections(
      of: DirectionRows(rows), leading: .max, centered: centered)
    let rank = min(size.rows - (centered ? 1 : 0), size.columns)
    #expect(found.components.count == rank && found.shares.count == rank)
    let identity = (0..<rank).map { row in (0..<rank).map { row == $0 ? 1.0 : 0 } }
    let products = Matrices.product(found.components, Matrices.transposed(found.components))
    #expect(Matrices.distance(products, identity) < tolerance)
    let rebuilt = Matrices.product(found.scores, found.components).map { row in
      zip(row, found.mean).map { $0 + $1 }
    }
    // The smallest singular values are 10⁻³ of the largest, their vectors so much less certain.
    #expect(Matrices.distance(rebuilt, rows) < 1e-9)
    #expect((found.shares.reduce(0, +) - 1).magnitude < tolerance)
    #expect(zip(found.shares, found.shares.dropFirst()).allSatisfy { $0 >= $1 })
    for component in found.components {
      let largest = component.map(\.magnitude).max()
      #expect(component.first { $0.magnitude == largest }.map { $0 > 0 } == true)
    }
    let squares = found.scores.joined().reduce(0) { $0 + $1 * $1 }
    #expect((squares / found.sumOfSquares - 1).magnitude < tolerance)
  }

  @Test func `components, scores and shares are NumPy's`() throws {
    for golden in try Matrices.golden().cases {
      for (expected, centered) in [(golden.centered, true), (golden.plain, false)] {
        let found = try PrincipalDirections(
          of: DirectionRows(golden.rows), leading: 20, centered: centered)
        #expect(Matrices.distance(found.components, expected.components) < 1e-10, "\(golden.name)")
        #expect(Matrices.distance(found.scores, expected.scores) < 1e-10, "\(golden.name)")
        #expect(Matrices.distance(found.shares, expected.shares) < tolerance, "\(golden.name)")
        #expect((found.sumOfSquares / expected.sumOfSquares - 1).magnitude < tolerance)
      }
    }
  }

  @Test func `the number of rows in memory and of components changes no bit`() throws {
    let rows = DirectionRows(Matrices.normal(23, 411))
    let all = try PrincipalDirections(of: rows, leading: 6)
    #expect(try PrincipalDirections(of: rows, leading: 6) == all)
    for block in [1, 2, 3, 5, 8, 22] {
      let found = try PrincipalDirections(of: rows, leading: 6, memory: block * 16 * 412)
      #expect(found == all, "\(block) rows at once")
    }
    let few = try PrincipalDirections(of: rows, leading: 2)
    #expect(few.components == Array(all.components.prefix(2)) && few.shares == all.shares)
  }

  @Test func `of dependent rows there are as many components as their rank`() throws {
    let rows = Matrices.normal(20, 50, rank: 4)
    let found = try PrincipalDirections(of: DirectionRows(rows), leading: 10, centered: false)
    #expect(found.components.count == 4 && found.shares.count == 4)
    #expect(Matrices.distance(Matrices.product(found.scores, found.components), rows) < 1e-11)
  }

  @Test func `few rows, and rows of zeros, are no trouble`() throws {
    let one = DirectionRows([[0, 3, -4]])
    #expect(try PrincipalDirections(of: one, leading: 2).components.isEmpty)
    let plain = try PrincipalDirections(of: one, leading: 2, centered: false)
    #expect(Matrices.distance(plain.components, [[0, -0.6, 0.8]]) < 1e-15)
    #expect(Matrices.distance(plain.scores, [[-5]]) < 1e-14 && plain.shares == [1])
    for centered in [true, false] {
      let zeros = DirectionRows([[0, 0], [0, 0], [0, 0]])
      let none = try PrincipalDirections(of: zeros, leading: 1, centered: centered)
      #expect(none.shares.isEmpty && none.sumOfSquares == 0 && none.scores.count == 3)
      let empty = try PrincipalDirections(of: DirectionRows([]), leading: 1, centered: centered)
      #expect(empty.components.isEmpty && empty.scores.isEmpty && empty.mean == [0])
      let some = try PrincipalDirections(
        of: DirectionRows([[0, 0], [1, 1], [0, 0]]), leading: 1, centered: centered)
      #expect(some.shares.count == 1)
    }
    #expect(try PrincipalDirections(of: one, leading: 0, centered: false).components.isEmpty)
  }

  @Test func `a row that is not finite is named, and what a row throws is passed on`() throws {
    struct Unreadable: Error {}
    #expect(throws: DirectionsError.notFinite(row: 1)) {
      try PrincipalDirections(
        of: DirectionRows([[0, 1], [1, .nan], [.infinity, 0]]), leading: 1)
    }
    #expect(throws: Unreadable.self) {
      let rows = DirectionRows(count: 2, length: 1) { (_: Int) -> [Double] in throw Unreadable() }
      return try PrincipalDirections(of: rows, leading: 1)
    }
  }
}

@Suite(.enabled(if: !Factorizations.isAvailable, "is about programs without LAPACK"))
struct WithoutLAPACKTests {
  @Test func `without LAPACK both analyses say what to install`() {
    #expect(throws: DirectionsError.noLAPACK) {
      try PrincipalDirections(of: DirectionRows([[1, 2]]), leading: 1)
    }
    #expect(throws: DirectionsError.noLAPACK) { try RankRevealingFactorization(of: [[1, 2]]) }
    #expect("\(DirectionsError.noLAPACK)".contains("apt-get install liblapacke-dev"))
  }
}

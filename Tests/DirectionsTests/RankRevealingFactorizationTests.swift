import Testing

@testable import Directions

@Suite(.enabled(if: Factorizations.isAvailable, Matrices.needsLAPACK))
struct RankRevealingFactorizationTests {
  @Test func `of a linear model the first pivot is the largest weight, and the rank is 1`() throws {
    let w = [3.0, -4, 12]
    let rows = [0.5, -1, 2.25, 0.125].map { scale in w.map { scale * $0 / 169 } }
    let found = try RankRevealingFactorization(of: rows)
    #expect(found.pivots[0] == 2)
    #expect(found.rank() == 1)
    #expect((found.explained[0] - 1).magnitude < 1e-14)
    #expect(found.conditionNumber > 1e14)
  }

  @Test(arguments: [(12, 5), (5, 12), (9, 9), (1, 4), (4, 1), (40, 64)])
  func `the triangle has the inner products of the pivoted columns`(
    size: (rows: Int, columns: Int)
  ) throws {
    let rows = Matrices.normal(size.rows, size.columns)
    var matrix = Matrices.transposed(rows).flatMap(\.self)
    let pivots = try Factorizations.pivots(
      replacingByTriangle: &matrix, rows: size.rows, columns: size.columns)
    let order = min(size.rows, size.columns)
    let triangle = (0..<order).map { row in
      (0..<size.columns).map { $0 < row ? 0 : matrix[$0 * size.rows + row] }
    }
    let pivoted = rows.map { row in pivots.map { row[$0] } }
    #expect(
      Matrices.distance(
        Matrices.product(Matrices.transposed(triangle), triangle),
        Matrices.product(Matrices.transposed(pivoted), pivoted)) < 1e-12 * Double(size.rows))

    let found = try RankRevealingFactorization(of: rows)
    #expect(found == (try RankRevealingFactorization(of: rows)))
    #expect(found.pivots == pivots && pivots.sorted() == Array(0..<size.columns))
    #expect(found.diagonal == (0..<order).map { triangle[$0][$0].magnitude })
    #expect(found.rank() == order)
    #expect(zip(found.diagonal, found.diagonal.dropFirst()).allSatisfy { $1 <= $0 * (1 + 1e-12) })
    #expect(zip(found.explained, found.explained.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(found.explained.last == 1)
    // Singular values lie between a factor of the diagonal's ends.
    #expect(found.singularValues[0] >= found.diagonal[0] * (1 - 1e-12))
  }

  @Test func `pivots, diagonal and singular values are those of SciPy and NumPy`() throws {
    for golden in try Matrices.golden().cases {
      let found = try RankRevealingFactorization(of: golden.rows)
      #expect(found.pivots == golden.pivots)
      #expect(Matrices.distance(found.diagonal, golden.diagonal) < 1e-13)
      #expect(Matrices.distance(found.singularValues, golden.singularValues) < 1e-13)
      let condition = golden.singularValues[0] / (golden.singularValues.last ?? 0)
      #expect((found.conditionNumber / condition - 1).magnitude < 1e-12)
    }
  }

  @Test func `of dependent features as many are pivots as there are independent ones`() throws {
    let rows = Matrices.normal(30, 12, rank: 5)
    let found = try RankRevealingFactorization(of: rows)
    #expect(found.rank() == 5)
    #expect((found.explained[4] - 1).magnitude < 1e-14)
    #expect(found.explained[3] < 1 - 1e-6)
    // Coarser features are fewer.
    #expect(found.rank(tolerance: 0.999) < 5)
    // A feature and its double: the double alone counts.
    let twins = try RankRevealingFactorization(of: [[1, 2, 0.1], [-2, -4, 0.2], [1.5, 3, 0]])
    #expect(twins.rank() == 2 && Array(twins.pivots.prefix(2)) == [1, 2])
  }

  @Test func `scaling decides which features are compared`() throws {
    // In units of a thousand the first says little, and the last says nothing at all.
    let rows = [[1000.0, 1, 7], [-1000, -1, 7], [1001, -2, 7], [-999, 2, 7]]
    #expect(try RankRevealingFactorization(of: rows).pivots[0] == 0)
    let scaled = try RankRevealingFactorization(of: rows, scaling: .deviation)
    #expect(scaled.pivots.last == 2 && scaled.rank() == 2)
    // Both have squares of 4 in sum once they have deviation 1 about a mean of nearly 0.
    #expect((scaled.diagonal[0] - 2).magnitude < 1e-5)
    let given = try RankRevealingFactorization(of: rows, scaling: .divisors([0, 0.001, 7]))
    #expect(given.pivots == [1, 2, 0] && given.rank() == 2)
  }

  @Test func `few rows, and rows of zeros, are no trouble`() throws {
    let empty = try RankRevealingFactorization(of: [])
    #expect(empty.pivots.isEmpty && empty.rank() == 0 && empty.conditionNumber == 1)
    let none = try RankRevealingFactorization(of: [[], []], scaling: .deviation)
    #expect(none.pivots.isEmpty && none.diagonal.isEmpty)
    let zeros = try RankRevealingFactorization(of: [[0, 0, 0], [0, 0, 0]])
    #expect(zeros.rank() == 0 && zeros.explained == [1, 1] && zeros.conditionNumber == .infinity)
    let one = try RankRevealingFactorization(of: [[1, -5, 2]])
    #expect(one.pivots[0] == 1)
    #expect(one.diagonal == [5] && one.explained == [1] && one.rank() == 1)
    let alone = try RankRevealingFactorization(of: [[1, -5, 2]], scaling: .deviation)
    #expect(alone.rank() == 0)
  }

  @Test func `a row that is not finite is named`() {
    #expect(throws: DirectionsError.notFinite(row: 2)) {
      try RankRevealingFactorization(of: [[1], [2], [.infinity]])
    }
  }
}

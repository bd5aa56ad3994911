import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// The shortest step to a tie, against all that it might have been.
struct TieProgramTests {
  /// Rows of vectors and the values before the step.
  struct Case: Sendable {
    let vectors: [[Double]]
    let values: [Double]

    init(count: Int, dimension: Int, seed: UInt64) {
      var random = TestRandom(seed)
      vectors = (0..<count).map { _ in
        random.tensor([dimension], in: -1...1).scalars.map(Double.init)
      }
      values = random.tensor([count], in: -0.5...1).scalars.map(Double.init)
    }

    func product(_ a: Int, _ b: Int) -> Double {
      zip(vectors[a], vectors[b]).reduce(0) { $0 + $1.0 * $1.1 }
    }

    func row(_ k: Int) -> [Double] { vectors.indices.map { product(k, $0) } }

    func step(_ weights: [(index: Int, weight: Double)]) -> [Double] {
      weights.reduce(into: [Double](repeating: 0, count: vectors[0].count)) { sum, term in
        for place in sum.indices { sum[place] += term.weight * vectors[term.index][place] }
      }
    }

    func valuesAfter(_ step: [Double]) -> [Double] {
      zip(values, vectors).map { value, vector in
        value + zip(vector, step).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }

    /// The shortest step over all sets of conditions that might hold with equality.
    func shortest(equality: Int) -> [Double]? {
      let others = vectors.indices.filter { $0 != equality }
      var best: (square: Double, step: [Double])?
      for subset in 0..<(1 << others.count) {
        let active = [equality] + others.indices.filter { subset >> $0 & 1 == 1 }.map { others[$0] }
        guard active.count <= vectors[0].count,
          let weights = solve(
            active.map { a in active.map { product(a, $0) } }, active.map { -values[$0] })
        else { continue }
        let step = step(Array(zip(active, weights)))
        guard valuesAfter(step).allSatisfy({ $0 > -1e-9 }) else { continue }
        let square = step.reduce(0) { $0 + $1 * $1 }
        if square < best?.square ?? .infinity { best = (square, step) }
      }
      return best?.step
    }

    private func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
      var rows = zip(matrix, right).map { $0 + [$1] }
      for pivot in rows.indices {
        guard
          let best = (pivot..<rows.count).max(by: {
            rows[$0][pivot].magnitude < rows[$1][pivot].magnitude
          }),
          rows[best][pivot].magnitude > 1e-9
        else { return nil }
        rows.swapAt(pivot, best)
        for row in rows.indices where row != pivot {
          let factor = rows[row][pivot] / rows[pivot][pivot]
          for column in rows[row].indices { rows[row][column] -= factor * rows[pivot][column] }
        }
      }
      return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    }
  }

  @Test(arguments: [3, 5, 12])
  func `the programme finds the shortest of all steps`(dimension: Int) throws {
    var (found, cornered) = (0, 0)
    for seed in 0..<60 as Range<UInt64> {
      let random = Case(count: 7, dimension: dimension, seed: seed)
      let program = TieProgram(values: random.values, equality: 2, products: random.row)
      let expected = random.shortest(equality: 2)
      let solution = program.solution()
      #expect((solution == nil) == (expected == nil), "seed \(seed)")
      guard let solution, let expected else { continue }
      found += 1
      if solution.count > 1 { cornered += 1 }
      let step = random.step(solution.map { ($0.index, $0.weight) })
      for (a, b) in zip(step, expected) { #expect((a - b).magnitude < 1e-8, "seed \(seed)") }
      let left = random.valuesAfter(step)
      #expect(left[2].magnitude < 1e-10 && left.allSatisfy { $0 > -1e-10 })
      #expect(solution.allSatisfy { $0.index == 2 || $0.weight >= -1e-12 })
    }
    #expect(found > 10 && cornered > 5)
  }

  @Test func `conditions that contradict each other have no step`() {
    // The second is the first less 1: where the first vanishes, the second is negative.
    let rows = [[1.0, 1], [1, 1]]
    #expect(TieProgram(values: [2, 1], equality: 0) { rows[$0] }.solution() == nil)
    #expect(TieProgram(values: [1, 2], equality: 0) { rows[$0] }.solution()?.count == 1)
  }

  @Test func `a vector of nothing ties where it ties already`() {
    let rows = [[0.0, 0], [0, 1]]
    #expect(TieProgram(values: [0, 1], equality: 0) { rows[$0] }.solution()?.isEmpty == true)
    #expect(TieProgram(values: [1, 1], equality: 0) { rows[$0] }.solution() == nil)
    // A third class that is behind everywhere, and one that leads everywhere.
    #expect(TieProgram(values: [1, 1], equality: 1) { rows[$0] }.solution()?.count == 1)
    #expect(TieProgram(values: [-1, 1], equality: 1) { rows[$0] }.solution() == nil)
  }
}

/// The shortest step δ after which one of several linear values is zero and no other is negative.
///
/// The values are mₖ + ⟨wₖ, δ⟩. With mⱼ the one that is to vanish, δ minimises ⟨δ, δ⟩ under
/// mⱼ + ⟨wⱼ, δ⟩ = 0 and mₖ + ⟨wₖ, δ⟩ ≥ 0 for all other k. The solution is δ = Σ λₖ wₖ, where λₖ is zero for
/// values that stay positive and never negative for the others but j; so products of the vectors suffice,
/// whatever space they are of.
///
/// Solved exactly, but for rounding in double precision, by the dual active-set method of Goldfarb and
/// Idnani (A numerically stable dual method for solving strictly convex quadratic programs, 1983): δ is
/// always the shortest step for the conditions met so far; the one that it violates most is added, and
/// those whose λ would turn negative on the way are left. Each step takes one row of products and a
/// system as large as the number of conditions that hold with equality.
struct TieProgram {
  /// mₖ
  let values: [Double]
  /// j
  let equality: Int
  /// ⟨wₖ, wₗ⟩ for all l.
  let products: (_ k: Int) -> [Double]

  /// A condition that holds with equality.
  struct Active {
    let index: Int
    /// λₖ
    var weight: Double
    /// ⟨wₖ, wₗ⟩ for all l.
    let row: [Double]
  }

  /// What δ is made of; nil where no step meets all conditions.
  func solution() -> [Active]? {
    let scale = values.reduce(0) { max($0, $1.magnitude) }
    var active: [Active] = []
    var next = equality
    // Each condition enters but a few times; the limit ends what rounding may make go round.
    for _ in 0..<10 * values.count + 100 {
      guard meet(next, &active) else { return nil }
      let left = valuesAfter(active)
      let worst = left.indices.min { (left[$0], $0) < (left[$1], $1) }
      guard let worst, left[worst] < -1e-12 * scale, !active.contains(where: { $0.index == worst })
      else { return refined(active) }
      next = worst
    }
    return nil
  }

  /// mₖ + ⟨wₖ, δ⟩ for all k.
  private func valuesAfter(_ active: [Active]) -> [Double] {
    var left = values
    for condition in active {
      for k in left.indices { left[k] += condition.weight * condition.row[k] }
    }
    return left
  }

  /// Goes on to where a further condition holds with equality; false where that cannot be.
  private func meet(_ index: Int, _ active: inout [Active]) -> Bool {
    let row = products(index)
    var weight = 0.0
    while true {
      // How the other weights fall as this one grows by 1, and how the value grows.
      let falls = Self.solved(active, active.map { row[$0.index] })
      let growth = row[index] - zip(falls, active).reduce(0) { $0 + $1.0 * row[$1.1.index] }
      let value = active.reduce(values[index] + weight * row[index]) {
        $0 + $1.weight * row[$1.index]
      }
      // Without growth the vector is a combination of the others', or none.
      let step = growth > 1e-11 * row[index] ? -value / growth : .infinity
      if step == .infinity, index == equality { return value == 0 }
      let ratios = active.indices.compactMap { place -> (ratio: Double, place: Int)? in
        guard active[place].index != equality, falls[place] > 0 else { return nil }
        return (max(0, active[place].weight) / falls[place], place)
      }
      let first = ratios.min { ($0.ratio, $0.place) < ($1.ratio, $1.place) }
      let taken = min(step, first?.ratio ?? .infinity)
      guard taken < .infinity else { return false }
      for place in active.indices { active[place].weight -= taken * falls[place] }
      weight += taken
      guard let first, first.ratio < step else {
        active.append(Active(index: index, weight: weight, row: row))
        return true
      }
      active.remove(at: first.place)
    }
  }

  /// The weights that the conditions determine, free of what steps have added up.
  private func refined(_ active: [Active]) -> [Active] {
    let weights = Self.solved(active, active.map { -values[$0.index] })
    return zip(active, weights).map { Active(index: $0.index, weight: $1, row: $0.row) }
  }

  /// x with Σ ⟨wₖ, wₗ⟩ xₗ = rightₖ over the active conditions, by elimination; their vectors are
  /// independent.
  private static func solved(_ active: [Active], _ right: [Double]) -> [Double] {
    var rows = active.map { k in active.map { k.row[$0.index] } }
    var x = right
    for pivot in x.indices {
      for row in pivot + 1..<max(x.count, pivot + 1) {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot..<x.count { rows[row][column] -= factor * rows[pivot][column] }
        x[row] -= factor * x[pivot]
      }
    }
    for row in x.indices.reversed() {
      for column in row + 1..<max(x.count, row + 1) { x[row] -= rows[row][column] * x[column] }
      x[row] /= rows[row][row]
    }
    return x
  }
}

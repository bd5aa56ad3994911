import Tensors

/// The point within the bounds that is nearest to the start by the Euclidean norm and satisfies several
/// linear conditions.
///
/// The point is clip(start − Σ λₖ · normalₖ), with the λ that maximise the dual of the distance, λ ≥ 0 for
/// inequalities. The dual is concave and quadratic in pieces, one for each set of pixels at their bounds:
/// Newton's method, a small quadratic programme in λ at each step, ends once that set stays. Double
/// precision throughout. A step is a pass over the pixels; for a few conditions, not for many.
struct CutsProjection {
  /// value + ⟨normal, x − start⟩ must be 0, or 0 at most.
  struct Cut {
    let normal: Tensor
    let value: Double
    let isEquality: Bool
  }

  private let site: Site
  private let cuts: [Cut]
  /// Eight pixels each, the last ones filled up by zeros.
  private let normals: [[SIMD8<Double>]]
  /// How far pixels may move down and up.
  private let lows: [SIMD8<Double>], highs: [SIMD8<Double>]

  init(site: Site, cuts: [Cut]) {
    self.site = site
    self.cuts = cuts
    normals = cuts.map { $0.normal.eights }
    let start = site.start.eights
    lows = zip(site.lower.eights, start).map { $0 - $1 }
    highs = zip(site.upper.eights, start).map { $0 - $1 }
  }

  /// The projection; where the conditions contradict each other, no point satisfies all.
  func point() -> Tensor {
    var weights = [Double](repeating: 0, count: cuts.count)
    var dual = dual(at: weights)
    let scale = cuts.reduce(0) { max($0, $1.value.magnitude) }
    for _ in 0..<50 {
      let isSolved = cuts.indices.allSatisfy { index in
        let residual = dual.residuals[index]
        let isHeld = cuts[index].isEquality || weights[index] > 0
        return (isHeld ? residual.magnitude : residual) <= 1e-12 * scale
      }
      if isSolved { break }
      guard let step = risen(from: weights, toward: stepped(weights, dual), dual) else { break }
      (weights, dual) = step
    }
    return Tensor(shape: site.start.shape) { target in
      for index in 0..<target.count {
        let change = change(index / 8, weights).moved[index % 8]
        let value = Double(site.start[index]) + change
        // Once more: rounding may step over a bound.
        target.initializeElement(
          at: index, to: min(max(Float(value), site.lower[index]), site.upper[index]))
      }
    }
  }

  // MARK: - The dual

  private struct Dual {
    var value: Double
    /// Of each cut, at the point that belongs to the weights: the slopes of the dual.
    var residuals: [Double]
    /// Products of the normals over the pixels that are free to move, row by row: minus its curvature.
    var products: [Double]
  }

  private func dual(at weights: [Double]) -> Dual {
    let count = cuts.count
    var falls = [SIMD8<Double>](repeating: .zero, count: count)
    var products = [SIMD8<Double>](repeating: .zero, count: count * count)
    var length = SIMD8<Double>.zero
    for block in lows.indices {
      let (moved, isFree) = change(block, weights)
      length += moved * moved
      for row in 0..<count {
        let normal = normals[row][block]
        falls[row] += normal * moved
        let free = normal.replacing(with: 0, where: .!isFree)
        for column in 0...row { products[row * count + column] += free * normals[column][block] }
      }
    }
    var dual = Dual(
      value: length.sum() / 2, residuals: zip(cuts, falls).map { $0.value + $1.sum() },
      products: products.map { $0.sum() })
    for row in 0..<count {
      dual.value += weights[row] * dual.residuals[row]
      for column in 0..<row {
        dual.products[column * count + row] = dual.products[row * count + column]
      }
    }
    return dual
  }

  /// How eight pixels move, and which of them no bound keeps.
  private func change(
    _ block: Int, _ weights: [Double]
  ) -> (moved: SIMD8<Double>, isFree: SIMDMask<SIMD8<Int64>>) {
    var wanted = SIMD8<Double>.zero
    for (row, weight) in weights.enumerated() { wanted -= weight * normals[row][block] }
    let raised = wanted.replacing(with: lows[block], where: wanted .< lows[block])
    let moved = raised.replacing(with: highs[block], where: raised .> highs[block])
    return (moved, moved .== wanted)
  }

  // MARK: - Steps

  /// The weights that maximise the dual's quadratic model, each in turn until none changes.
  private func stepped(_ weights: [Double], _ dual: Dual) -> [Double] {
    let count = cuts.count
    var next = weights
    let trace = (0..<count).reduce(0) { $0 + dual.products[$1 * count + $1] }
    for _ in 0..<1000 {
      var change = 0.0
      for row in 0..<count {
        var slope = dual.residuals[row]
        for column in 0..<count {
          slope -= dual.products[row * count + column] * (next[column] - weights[column])
        }
        // Where hardly a pixel is free, a step is long, but not endless.
        let curvature = max(dual.products[row * count + row], trace * 1e-6)
        guard curvature > 0 else { continue }
        var value = next[row] + slope / curvature
        if !cuts[row].isEquality { value = max(0, value) }
        change = max(change, (value - next[row]).magnitude / max(value.magnitude, 1e-300))
        next[row] = value
      }
      if change < 1e-13 { break }
    }
    return next
  }

  /// The farthest of the halves of the way at which the dual is larger; nil where none is.
  private func risen(
    from weights: [Double], toward next: [Double], _ dual: Dual
  ) -> (weights: [Double], dual: Dual)? {
    var share = 1.0
    while share > 1e-6 {
      let moved = zip(weights, next).map { $0 + share * ($1 - $0) }
      let found = self.dual(at: moved)
      if found.value > dual.value { return (moved, found) }
      share /= 2
    }
    return nil
  }
}

extension Tensor {
  /// All scalars in eights, in double precision, the last eight filled up by zeros.
  fileprivate var eights: [SIMD8<Double>] {
    withScalars { scalars in
      stride(from: 0, to: scalars.count, by: 8).map { start in
        var eight = SIMD8<Double>.zero
        for lane in 0..<min(8, scalars.count - start) {
          eight[lane] = Double(scalars[start + lane])
        }
        return eight
      }
    }
  }
}

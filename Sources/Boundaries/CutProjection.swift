import Tensors

/// The point within the bounds that is nearest to the start and on the far side of a cut, by its norm.
///
/// A cut is where a linear margin vanishes: value + ⟨normal, x − start⟩ = 0, with `value` the margin at
/// the start. The nearest points for all values lie on one path from the start: for the Euclidean
/// norm, clip(start − λ · normal); for the largest magnitude, clip(start − λ · sign(normal)). Along it
/// the linear margin falls and is convex in λ, so that Newton's method from λ = 0 never oversteps and
/// ends after as many steps as there are groups of bounds that are met. For the sum of magnitudes,
/// pixels go to their bounds one after the other, the steepest first.
struct CutProjection {
  let site: Site
  let normal: Tensor

  /// The projection, and whether the cut can be reached; if not, the point where the linear margin is
  /// least.
  func point(value: Double) -> (point: Tensor, reaches: Bool) {
    guard value > 0 else { return (site.start, true) }
    switch site.norm {
    case .l2: return along(normal, value: value)
    case .linf: return along(normal.map { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }, value: value)
    case .l1: return steepestFirst(value: value)
    }
  }

  /// Newton's method for value + ⟨normal, clip(start − λ · direction) − start⟩ = 0.
  private func along(_ direction: Tensor, value: Double) -> (point: Tensor, reaches: Bool) {
    var reach = 0.0
    var reaches = false
    for _ in 0..<64 {
      let (fall, slope) = margins(direction, reach)
      let left = value + fall
      if left <= value * 1e-12 {
        reaches = true
        break
      }
      guard slope > 0 else { break }
      let step = left / slope
      // Rounding of the point is coarser than a smaller step.
      if step <= reach * 1e-14 {
        reaches = true
        break
      }
      reach += step
    }
    let length = Float(reach)
    let point = direction.withScalars { direction in
      site.start.withScalars { start in
        Tensor.clamped(site.lower, site.upper) { start[$0] - length * direction[$0] }
      }
    }
    return (point, reaches)
  }

  /// The change of the linear margin at a place of the path, and how fast it falls from there on.
  private func margins(_ direction: Tensor, _ reach: Double) -> (fall: Double, slope: Double) {
    site.start.withScalars { start in
      site.lower.withScalars { lower in
        site.upper.withScalars { upper in
          direction.withScalars { direction in
            normal.withScalars { normal in
              var (fall, slope) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
              let whole = start.count & ~7
              for index in stride(from: 0, to: whole, by: 8) {
                let steepness = SIMD8<Double>(VectorSums.load(normal, index))
                let speed = SIMD8<Double>(VectorSums.load(direction, index))
                let from = SIMD8<Double>(VectorSums.load(start, index))
                let low = SIMD8<Double>(VectorSums.load(lower, index)) - from
                let high = SIMD8<Double>(VectorSums.load(upper, index)) - from
                let change = -reach * speed
                let raised = change.replacing(with: low, where: change .< low)
                fall += steepness * raised.replacing(with: high, where: raised .> high)
                // A pixel moves on until it meets the bound that lies in its way.
                let free = ((speed .> 0) .& (change .> low)) .| ((speed .< 0) .& (change .< high))
                slope += (steepness * speed).replacing(with: 0, where: .!free)
              }
              var (total, steep) = (fall.sum(), slope.sum())
              for index in whole..<start.count {
                let speed = Double(direction[index])
                let low = Double(lower[index]) - Double(start[index])
                let high = Double(upper[index]) - Double(start[index])
                let change = -reach * speed
                total += Double(normal[index]) * min(max(change, low), high)
                if (speed > 0 && change > low) || (speed < 0 && change < high) {
                  steep += Double(normal[index]) * speed
                }
              }
              return (total, steep)
            }
          }
        }
      }
    }
  }

  /// Pixels go to their bounds in the order of their slopes, the last of them as far as is needed.
  private func steepestFirst(value: Double) -> (point: Tensor, reaches: Bool) {
    let slopes = normal.scalars
    let order = slopes.indices.sorted { (-slopes[$0].magnitude, $0) < (-slopes[$1].magnitude, $1) }
    var point = site.start
    var left = value
    for index in order where slopes[index] != 0 {
      let bound = slopes[index] > 0 ? site.lower[index] : site.upper[index]
      let room = Double((bound - site.start[index]).magnitude)
      let fall = room * Double(slopes[index].magnitude)
      guard fall < left else {
        let change = Float(left / Double(slopes[index].magnitude))
        let moved = slopes[index] > 0 ? point[index] - change : point[index] + change
        point[index] = min(max(moved, site.lower[index]), site.upper[index])
        return (point, true)
      }
      point[index] = bound
      left -= fall
    }
    return (point, false)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How weights follow their gradients. All weights lie behind one another; so do the momenta that an
/// optimiser keeps for them.
public enum Optimizer: Sendable, Equatable {
  /// v ← momentum · v + (g + decay · w), w ← w − rate · v.
  case descent(momentum: Float)
  /// Moments of g and g², their bias corrected; w ← w − rate · (m̂ / (√v̂ + ε) + decay · w).
  ///
  /// Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2019 (arXiv:1711.05101).
  case adamW(first: Float = 0.9, second: Float = 0.999, epsilon: Float = 1e-8)

  /// How many numbers are kept for each weight.
  public var momentCount: Int {
    switch self {
    case .descent: 1
    case .adamW: 2
    }
  }

  /// Moves the weights of some ranges one step.
  ///
  /// - Parameters:
  ///   - weights: all weights.
  ///   - gradients: as long as the weights.
  ///   - moments: `momentCount` for each weight, those of one kind together; zeros before the first
  ///     step.
  ///   - ranges: weights that are trained, and how strongly each decays.
  ///   - rate: the learning rate.
  ///   - step: counted from 1.
  public func move(
    _ weights: UnsafeMutableBufferPointer<Float>, along gradients: UnsafeBufferPointer<Float>,
    moments: inout [Float], ranges: [(weights: Range<Int>, decay: Float)], rate: Double, step: Int
  ) {
    let count = weights.count
    precondition(
      gradients.count == count && moments.count == count * momentCount,
      "\(count) weights, \(gradients.count) gradients, \(moments.count) moments")
    moments.withUnsafeMutableBufferPointer { moments in
      switch self {
      case .descent(let momentum):
        let rate = Float(rate)
        for (range, decay) in ranges {
          for index in range {
            let moment = momentum * moments[index] + (gradients[index] + decay * weights[index])
            moments[index] = moment
            weights[index] -= rate * moment
          }
        }
      case .adamW(let first, let second, let epsilon):
        let correction = Float(1 - pow(Double(second), Double(step))).squareRoot()
        let scale = Float(rate / (1 - pow(Double(first), Double(step))))
        for (range, decay) in ranges {
          let kept = 1 - Float(rate) * decay
          for index in range {
            let gradient = gradients[index]
            let mean = first * moments[index] + (1 - first) * gradient
            let square = second * moments[count + index] + (1 - second) * gradient * gradient
            moments[index] = mean
            moments[count + index] = square
            weights[index] =
              kept * weights[index] - scale * mean / (square.squareRoot() / correction + epsilon)
          }
        }
      }
    }
  }
}

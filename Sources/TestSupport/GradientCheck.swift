public import Kernels
public import Networks
public import Tensors

/// Compares a network's gradient with central differences.
public enum GradientCheck {
  /// The largest disagreement between ⟨∇f, v⟩ and (f(x + hv) − f(x − hv)) / 2h over random
  /// directions v of unit length, relative to the largest slope seen.
  ///
  /// f is a random combination of all outputs, so that every path back counts. In single precision
  /// the quotient is good to about ε·|f| / h: with h = 0.01 a correct pullback stays below 1e-3, and a
  /// wrong one is off by tenths.
  public static func disagreement(
    of network: Network, at input: Tensor, engine: Engine, directions: Int = 8,
    step: Float = 0.01, seed: UInt64 = 1
  ) -> Double {
    var random = TestRandom(seed)
    let model = CompiledNetwork(network, engine: engine)
    let weights = random.tensor([input.batch, network.classCount])
    let objective = Objective(layers: [.logits]) { trace in
      let logits = trace[.logits]
      return (
        (0..<logits.batch).map { Float(logits.item($0).dot(weights.item($0))) },
        [.logits: weights]
      )
    }
    let gradient = model.gradient(of: objective, for: input).gradient
    var (worst, largest) = (0.0, 1e-6)
    for _ in 0..<directions {
      var direction = random.tensor(input.shape)
      direction = Float(1 / direction.dot(direction).squareRoot()) * direction
      var (ahead, behind) = (input, input)
      ahead.add(direction, scaledBy: step)
      behind.add(direction, scaledBy: -step)
      let difference =
        model.logits(for: ahead).dot(weights) - model.logits(for: behind).dot(weights)
      let (measured, claimed) = (difference / Double(2 * step), gradient.dot(direction))
      worst = max(worst, (measured - claimed).magnitude)
      largest = max(largest, measured.magnitude, claimed.magnitude)
    }
    return worst / largest
  }
}

/// Largest difference between two tensors, relative to the largest magnitude expected; infinite where
/// their counts differ.
public func relativeError(_ found: Tensor, _ expected: Tensor) -> Float {
  guard found.count == expected.count else { return .infinity }
  let scale = max(expected.largestMagnitude, 1e-12)
  return (found.reshaped(to: expected.shape) - expected).largestMagnitude / scale
}

import Foundation

/// Minimises a function of weights that stay inside their domain by themselves.
///
/// Mirror descent with the domain's entropy: on the simplex weights are multiplied by exp(−η·d), in the
/// box their odds are, d being the gradient (on the simplex less its mean) over its deviation under
/// the weights. A step thus changes the weights by about η²/2 of relative entropy, whatever the scale
/// of the function. A step that lowers the function makes the next one longer. One that does not is
/// taken back and shortened, and the gradient found there averaged in: the function has kinks, where a
/// smallest or largest value changes places, and the gradient of one side alone leads nowhere. So the
/// function falls with every step kept, and no weight reaches an end from which it could not return.
struct MirrorDescent {
  /// A function's value and gradient.
  typealias Slope = (value: Double, gradient: [Double])

  /// What weights are: parts of 1, or each one 0...1.
  enum Domain { case simplex, box }

  struct Result {
    var weights: [Double]
    /// The value after each evaluation: that of the best weights so far.
    var values: [Double]
    /// Whether it ended by the tolerance.
    var hasConverged: Bool
  }

  let domain: Domain
  /// The first step's length η.
  let rate: Double
  /// The fall of the value over the last evaluations at which to stop.
  let tolerance: Double
  /// How often the function is evaluated at most.
  let limit: Int

  /// How many evaluations the test of convergence looks back.
  private static let window = 8
  /// The smallest weight, and the smallest distance of a weight in the box from 1.
  private static let least = 1e-9

  /// - Parameters:
  ///   - visit: told of the best weights so far and their value after each evaluation.
  ///   - slope: nil where the function is not defined; such a step is taken back.
  /// - Returns: nil where it is not defined at the start.
  func minimum(
    from start: [Double],
    visiting visit: (_ weights: [Double], _ value: Double) -> Void = { _, _ in },
    _ slope: (_ weights: [Double]) -> Slope?
  ) -> Result? {
    guard var (value, gradient) = slope(start), value.isFinite else { return nil }
    visit(start, value)
    var result = Result(weights: start, values: [value], hasConverged: false)
    var length = rate
    while result.values.count < limit {
      guard let direction = direction(gradient, at: result.weights) else {
        result.hasConverged = true
        break
      }
      let candidate = moved(result.weights, by: length, against: direction)
      if let next = slope(candidate) {
        if next.value < value {
          (value, gradient) = next
          result.weights = candidate
          length = min(length * 1.25, 4 * rate)
        } else {
          gradient = zip(gradient, next.gradient).map { ($0 + $1) / 2 }
          length *= 0.6
        }
      } else {
        length *= 0.6
      }
      result.values.append(value)
      visit(result.weights, value)
      if result.values.count > Self.window,
        result.values[result.values.count - 1 - Self.window] - value <= tolerance
      {
        result.hasConverged = true
        break
      }
    }
    return result
  }

  /// The gradient, centred on the simplex, over its deviation; nil where no step changes the function.
  private func direction(_ gradient: [Double], at weights: [Double]) -> [Double]? {
    let parts: [Double]
    var mean = 0.0
    switch domain {
    case .simplex:
      parts = weights
      for (part, slope) in zip(parts, gradient) { mean += part * slope }
    case .box:
      parts = weights.map { $0 * (1 - $0) / Double(weights.count) }
    }
    var variance = 0.0
    for (part, slope) in zip(parts, gradient) { variance += part * (slope - mean) * (slope - mean) }
    let deviation = variance.squareRoot()
    guard deviation > 0, deviation.isFinite else { return nil }
    return gradient.map { ($0 - mean) / deviation }
  }

  private func moved(
    _ weights: [Double], by length: Double, against direction: [Double]
  ) -> [Double] {
    let grown = zip(weights, direction).map { weight, slope in
      // Rare channels with steep slopes would jump otherwise.
      max(weight, Self.least) * exp(-min(max(length * slope, -2), 2))
    }
    switch domain {
    case .simplex:
      let sum = grown.reduce(0, +)
      return grown.map { $0 / sum }
    case .box:
      return zip(weights, grown).map { weight, grown in
        min(max(grown / (grown + 1 - weight), Self.least), 1 - Self.least)
      }
    }
  }
}

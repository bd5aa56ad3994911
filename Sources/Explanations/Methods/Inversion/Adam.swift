import Foundation

/// Adam's rule with its published constants, in double precision.
///
/// Kingma, Ba: Adam, 2015 (arXiv:1412.6980).
struct Adam {
  private var mean: [Double]
  private var square: [Double]
  private var steps = 0

  init(count: Int) {
    mean = [Double](repeating: 0, count: count)
    square = mean
  }

  /// Moves values `[count]` against a gradient.
  mutating func step(_ values: inout [Double], against gradient: [Double], rate: Double) {
    steps += 1
    let (first, second) = (1 - pow(0.9, Double(steps)), 1 - pow(0.999, Double(steps)))
    for index in values.indices {
      mean[index] += 0.1 * (gradient[index] - mean[index])
      square[index] += 0.001 * (gradient[index] * gradient[index] - square[index])
      values[index] -= rate * (mean[index] / first) / ((square[index] / second).squareRoot() + 1e-8)
    }
  }
}

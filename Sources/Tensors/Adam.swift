#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adam's rule with its published constants, in double precision.
///
/// Kingma, Ba: Adam, 2015 (arXiv:1412.6980).
public struct Adam: Sendable {
  private var mean: [Double]
  private var square: [Double]
  private var steps = 0

  public init(count: Int) {
    mean = [Double](repeating: 0, count: count)
    square = mean
  }

  /// Moves values `[count]` against a gradient.
  public mutating func step(_ values: inout [Double], against gradient: [Double], rate: Double) {
    steps += 1
    let (first, second) = (1 - pow(0.9, Double(steps)), 1 - pow(0.999, Double(steps)))
    for index in values.indices {
      mean[index] += 0.1 * (gradient[index] - mean[index])
      square[index] += 0.001 * (gradient[index] * gradient[index] - square[index])
      values[index] -= rate * (mean[index] / first) / ((square[index] / second).squareRoot() + 1e-8)
    }
  }
}

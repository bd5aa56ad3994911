#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The rule of numerical integration on 0...1 that is exact for polynomials of degree 2n − 1.
public struct GaussLegendre: Sendable, Equatable {
  /// Ascending, strictly inside 0...1.
  public let nodes: [Double]
  /// Positive; they add up to 1.
  public let weights: [Double]

  /// Traps below one node. Roots of the Legendre polynomial by Newton's method from Chebyshev's guess.
  public init(count: Int) {
    precondition(count >= 1, "an integration rule needs a node, got \(count)")
    var nodes = [Double](repeating: 0.5, count: count)
    var weights = nodes
    for index in 0..<(count + 1) / 2 {
      var x = cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      var slope = 1.0
      for _ in 0..<100 {
        let (value, derivative) = Self.legendre(count, at: x)
        slope = derivative
        let step = value / derivative
        x -= step
        if step.magnitude < 1e-16 { break }
      }
      (_, slope) = Self.legendre(count, at: x)
      let weight = 1 / ((1 - x * x) * slope * slope)
      nodes[index] = (1 - x) / 2
      nodes[count - 1 - index] = (1 + x) / 2
      weights[index] = weight
      weights[count - 1 - index] = weight
    }
    self.nodes = nodes
    self.weights = weights
  }

  /// The Legendre polynomial and its derivative by the three-term recurrence.
  private static func legendre(_ degree: Int, at x: Double) -> (value: Double, slope: Double) {
    var (previous, current) = (1.0, x)
    for k in stride(from: 2, through: degree, by: 1) {
      let next = (Double(2 * k - 1) * x * current - Double(k - 1) * previous) / Double(k)
      (previous, current) = (current, next)
    }
    if degree == 1 { return (x, 1) }
    return (current, Double(degree) * (x * current - previous) / (x * x - 1))
  }
}

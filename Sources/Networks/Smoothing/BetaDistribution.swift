#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The beta distribution on 0...1 with density proportional to xᵃ⁻¹ (1 − x)ᵇ⁻¹.
struct BetaDistribution {
  /// Above 0.
  let a: Double, b: Double

  /// The probability of values up to x: the regularised incomplete beta function, by Lentz's continued
  /// fraction on the side where it converges quickly. Relative error about 1e-10 for parameters up to
  /// 1e6, which is that of the logarithms of the gamma function.
  func probability(upTo x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let logFactor = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return x < (a + 1) / (a + b + 2)
      ? exp(logFactor) * Self.fraction(a, b, x) / a
      : 1 - exp(logFactor) * Self.fraction(b, a, 1 - x) / b
  }

  /// The value that a probability of `share`, above 0 and below 1, does not exceed; by bisection, since
  /// it is asked for seldom.
  func quantile(_ share: Double) -> Double {
    precondition(share > 0 && share < 1, "no quantile of \(share)")
    var (low, high) = (0.0, 1.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      if probability(upTo: middle) < share { low = middle } else { high = middle }
    }
    // Never above the quantile: a bound stays one.
    return low
  }

  private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func held(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / held(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / held(1 + even * d)
      c = held(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / held(1 + odd * d)
      c = held(1 + odd / c)
      let change = d * c
      result *= change
      if (change - 1).magnitude < 1e-15 { break }
    }
    return result
  }
}

/// The standard normal distribution.
enum NormalDistribution {
  /// The probability of values up to x.
  static func probability(upTo x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// The value that a probability of `share`, above 0 and below 1, does not exceed: Newton's method,
  /// with steps that cannot leave the bracket.
  static func quantile(_ share: Double) -> Double {
    precondition(share > 0 && share < 1, "no quantile of \(share)")
    // By symmetry in the lower half, where probabilities have all their digits.
    if share > 0.5 { return -quantile(1 - share) }
    var (low, high) = (-40.0, 0.0)
    var x = -1.0
    for _ in 0..<200 {
      let value = probability(upTo: x)
      if value < share { low = x } else { high = x }
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      let next = x - (value - share) / density
      let inside = next > low && next < high ? next : (low + high) / 2
      if (inside - x).magnitude < 1e-15 * max(1, x.magnitude) { return inside }
      x = inside
    }
    return x
  }
}

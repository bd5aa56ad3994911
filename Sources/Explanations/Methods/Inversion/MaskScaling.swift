/// A weighted sum of maps brought to 0...1: m = (r − min r) / s.
///
/// The divisor s is max r − min r, or max r. Either way m does not change when r is multiplied by a
/// positive number, so the gradient at r is orthogonal to r wherever it is defined (Euler).
struct MaskScaling {
  enum Divisor: Sendable { case range, maximum }

  /// A range below this leaves nothing to scale.
  static let leastRange = 1e-12

  let values: [Double]
  private let divisor: Divisor
  private let scale: Double
  /// Where the smallest and the largest value are: the first of several.
  private let lowest: Int
  private let highest: Int

  /// Nil where the values are the same everywhere, or none can divide.
  init?(_ raw: [Double], by divisor: Divisor) {
    guard let low = raw.min(), let high = raw.max(), high - low >= Self.leastRange,
      let lowest = raw.firstIndex(of: low), let highest = raw.firstIndex(of: high)
    else { return nil }
    let scale = divisor == .range ? high - low : high
    guard scale >= Self.leastRange, scale.isFinite else { return nil }
    values = raw.map { ($0 - low) / scale }
    (self.divisor, self.scale, self.lowest, self.highest) = (divisor, scale, lowest, highest)
  }

  /// The gradient at r for one at m. The smallest and the largest value are moved by it as well.
  func pullback(_ gradient: [Double]) -> [Double] {
    var result = gradient.map { $0 / scale }
    var (sum, weighted) = (0.0, 0.0)
    for (value, slope) in zip(values, result) {
      sum += slope
      weighted += slope * value
    }
    // ∂m/∂s = −m / s; s grows with the largest value, and by the range falls with the smallest.
    result[highest] -= weighted
    result[lowest] -= divisor == .range ? sum - weighted : sum
    return result
  }
}

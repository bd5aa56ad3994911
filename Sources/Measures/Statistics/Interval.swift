/// A mean over pictures, or another number of them all, and how certain it is.
public struct Interval: Sendable, Hashable, Codable {
  /// The number itself.
  public let mean: Double
  /// The ends of the interval.
  public let lower: Double
  public let upper: Double
  /// How many pictures there were a value for.
  public let count: Int

  public init(mean: Double, lower: Double, upper: Double, count: Int) {
    self.mean = mean
    self.lower = lower
    self.upper = upper
    self.count = count
  }

  /// Whether zero is outside.
  public var excludesZero: Bool { lower > 0 || upper < 0 }
}

import Tensors

/// Intervals for means over pictures, by drawing the pictures again, with replacement.
///
/// Deterministic: which pictures a resample takes depends on the seed, its number and how many
/// there are. An interval is between percentiles of the resamples' means.
///
/// Efron: Bootstrap Methods: Another Look at the Jackknife, 1979.
public struct PairedBootstrap: Sendable, Hashable, Codable {
  /// How often the pictures are drawn again, at least 1.
  public var resamples: Int
  /// The part of the resamples' means that an interval holds, 0...1.
  public var confidence: Double
  public var seed: UInt64

  public init(resamples: Int = 2000, confidence: Double = 0.95, seed: UInt64 = 0) {
    precondition(resamples >= 1, "a bootstrap takes a resample, got \(resamples)")
    precondition(confidence > 0 && confidence < 1, "confidence is between 0 and 1")
    self.resamples = resamples
    self.confidence = confidence
    self.seed = seed
  }

  /// The mean of the values that are defined; nil for fewer than two.
  public func mean(of values: [Double?]) -> Interval? {
    interval(of: values.compactMap(\.self))
  }

  /// The mean of a − b over the pictures where both are defined; nil for fewer than two. Traps
  /// unless both have a place for each picture.
  public func difference(of a: [Double?], and b: [Double?]) -> Interval? {
    precondition(a.count == b.count, "\(a.count) pictures against \(b.count)")
    return interval(of: zip(a, b).compactMap { a, b in a.flatMap { a in b.map { a - $0 } } })
  }

  private func interval(of values: [Double]) -> Interval? {
    guard values.count >= 2 else { return nil }
    let random = CounterRandom(seed: seed, stream: MeasureStream.resampling)
    var means: [Double] = []
    means.reserveCapacity(resamples)
    for resample in 0..<resamples {
      var sequence = random.sequence(sample: resample)
      var sum = 0.0
      for _ in values { sum += values[Int.random(in: 0..<values.count, using: &sequence)] }
      means.append(sum / Double(values.count))
    }
    means.sort()
    /// Between neighbours in proportion.
    func percentile(_ part: Double) -> Double {
      let place = part * Double(means.count - 1)
      let below = Int(place)
      let above = min(below + 1, means.count - 1)
      return means[below] + (place - Double(below)) * (means[above] - means[below])
    }
    return Interval(
      mean: values.reduce(0, +) / Double(values.count),
      lower: percentile((1 - confidence) / 2), upper: percentile((1 + confidence) / 2),
      count: values.count)
  }
}

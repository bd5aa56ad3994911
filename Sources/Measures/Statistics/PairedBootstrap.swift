import Tensors

/// Intervals for means over pictures, and for other numbers of them, by drawing the pictures again,
/// with replacement.
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
    return interval(about: values.reduce(0, +) / Double(values.count), count: values.count) {
      random in
      var sum = 0.0
      for _ in values { sum += values[Int.random(in: 0..<values.count, using: &random)] }
      return sum / Double(values.count)
    }
  }

  /// Percentiles of what `statistic` finds when it draws pictures by the numbers it is given, about
  /// what it finds for all `count` pictures.
  func interval(
    about value: Double, count: Int, of statistic: (inout CounterRandom.Sequence) -> Double
  ) -> Interval {
    let random = CounterRandom(seed: seed, stream: MeasureStream.resampling)
    let found = (0..<resamples).map { resample in
      var sequence = random.sequence(sample: resample)
      return statistic(&sequence)
    }.sorted()
    /// Between neighbours in proportion.
    func percentile(_ part: Double) -> Double {
      let place = part * Double(found.count - 1)
      let below = Int(place)
      let above = min(below + 1, found.count - 1)
      return found[below] + (place - Double(below)) * (found[above] - found[below])
    }
    return Interval(
      mean: value, lower: percentile((1 - confidence) / 2), upper: percentile((1 + confidence) / 2),
      count: count)
  }
}

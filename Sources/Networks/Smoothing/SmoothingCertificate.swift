public import Tensors

/// How a smoothed decision is certified.
public struct Certification: Sendable, Hashable, Codable {
  /// Copies by which the class is chosen.
  public var selectionSamples: Int
  /// Copies by which its probability is bounded; with n of them no radius exceeds σ Φ⁻¹(α^(1/n)), which
  /// is 2.46 σ for 1,000 and 3.81 σ for 100,000 at α = 0.001.
  public var samples: Int
  /// How probable it may be that a certificate is wrong.
  public var alpha: Double

  /// Throws for values out of range.
  public init(
    samples: Int = 1000, selectionSamples: Int = 100, alpha: Double = 0.001
  ) throws(NetworkError) {
    guard (1...10_000_000).contains(samples), (1...10_000_000).contains(selectionSamples) else {
      throw .smoothing("\(samples) and \(selectionSamples) copies are not 1...10000000")
    }
    guard alpha > 0, alpha < 1 else {
      throw .smoothing("a probability of error of \(alpha) is not between 0 and 1")
    }
    self.samples = samples
    self.selectionSamples = selectionSamples
    self.alpha = alpha
  }
}

/// A radius within which the vote of noisy copies cannot change, or that none can be told.
///
/// It is about the smoothed classifier that takes the class which most copies x + σ ε have under the
/// base: not about the base itself, and not about a classifier that averages scores. The noise is in
/// pixel units, and so is the radius. Randomness is keyed by the seed; copies that choose the class and
/// copies that bound its probability are different ones.
///
/// Cohen, Rosenfeld, Kolter: Certified Adversarial Robustness via Randomized Smoothing, 2019
/// (arXiv:1902.02918).
public struct SmoothingCertificate: Sendable, Hashable, Codable {
  public let deviation: Double
  public let certification: Certification
  /// The class that most of the first copies have.
  public let selected: ClassIndex
  /// How many of the others have it.
  public let count: Int
  /// A lower bound of the class's probability, which is too high with a probability of at most alpha.
  public let probability: Double
  /// Whether that bound does not exceed a half, so that nothing is certified.
  public var abstains: Bool { probability <= 0.5 }
  /// Within this distance by the root of the sum of squares the vote stays the same; 0 where it abstains.
  public var radius: Double {
    abstains ? 0 : deviation * NormalDistribution.quantile(probability)
  }
  /// The largest radius that so many copies can certify.
  public var largestRadius: Double {
    let bound = Self.bound(
      count: certification.samples, of: certification.samples, alpha: certification.alpha)
    return bound > 0.5 ? deviation * NormalDistribution.quantile(bound) : 0
  }

  /// What counts say. Traps unless `count` is one of the certification's samples at most.
  public init(
    selected: ClassIndex, count: Int, deviation: Double, certification: Certification
  ) {
    self.selected = selected
    self.count = count
    self.deviation = deviation
    self.certification = certification
    probability = Self.bound(count: count, of: certification.samples, alpha: certification.alpha)
  }

  /// Asks the base for noisy copies of an input `[1, C, H, W]`. Costs a forward pass for each copy.
  ///
  /// - Parameter report: told after each pass which share of the copies is done.
  public init(
    for input: Tensor, of base: any Classifier, deviation: Double, certification: Certification,
    seed: UInt64, reporting report: (_ share: Double) -> Void = { _ in }
  ) {
    let total = Double(certification.selectionSamples + certification.samples)
    let votes = SmoothedVote(base, deviation: deviation, seed: seed)
    let first = votes.counts(
      for: input, samples: certification.selectionSamples, stream: SmoothingStream.selection
    ) { report(Double($0) / total) }
    let selected = SmoothedVote.ranking(first)[0]
    let second = votes.counts(
      for: input, samples: certification.samples, stream: SmoothingStream.estimation
    ) { report(Double(certification.selectionSamples + $0) / total) }
    self.init(
      selected: selected, count: second[selected], deviation: deviation,
      certification: certification)
  }

  /// Clopper and Pearson's lower bound of a probability, one-sided: that of `count` successes of `total`.
  public static func bound(count: Int, of total: Int, alpha: Double) -> Double {
    precondition(total >= 1 && (0...total).contains(count), "\(count) of \(total)")
    if count == 0 { return 0 }
    return BetaDistribution(a: Double(count), b: Double(total - count + 1)).quantile(alpha)
  }
}

import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What searches that climb a loss share.
enum Ascent {
  /// The direction of the gradient of the cross-entropy of the fact by the scores, scaled so that it
  /// never vanishes: −1 for the fact, and for the others their share of what is not the fact's. For a
  /// pair, that of the margin.
  static func seed(_ site: Site, _ logits: [Float]) -> [Float] {
    if let foil = site.foil { return site.seed(over: foil).map { -$0 } }
    let largest = Double(logits[site.rival(in: logits)])
    let powers = logits.indices.map { $0 == site.fact ? 0 : exp(Double(logits[$0]) - largest) }
    let sum = powers.reduce(0, +)
    return logits.indices.map { $0 == site.fact ? -1 : Float(powers[$0] / sum) }
  }

  /// A gradient of Euclidean length 1; a random direction where it is 0 or no number.
  static func unit(_ gradient: Tensor, _ site: Site, draw: Int) -> Tensor {
    let length = Norm.l2.length(of: gradient)
    if length > 0, length.isFinite { return gradient.map { Float(Double($0) / length) } }
    let random = CounterRandom(seed: site.seed, stream: RandomStream.ascent)
      .normal(gradient.shape, sample: draw)
    return Float(1 / Norm.l2.length(of: random)) * random
  }

  /// From `first` to `last` by half a wave of the cosine, over a progress of 0...1.
  static func cosine(_ first: Double, _ last: Double, _ progress: Double) -> Double {
    last + (first - last) * (1 + cos(.pi * progress)) / 2
  }

  /// Start + displacement, within the bounds.
  static func moved(_ site: Site, _ displacement: Tensor) -> Tensor {
    (site.start + displacement).clamped(site.lower, site.upper)
  }
}

/// The nearest point beyond the boundary that a search has come by.
struct NearestBeyond {
  private(set) var point: Tensor?
  private(set) var distance = Double.infinity

  mutating func offer(_ point: Tensor, _ distance: Double) {
    guard distance < self.distance else { return }
    self.point = point
    self.distance = distance
  }
}

extension [NearestBeyond] {
  /// Those that were found, as candidates.
  func candidates(_ sites: [Int]) -> [BoundaryCandidate] {
    zip(sites, self).compactMap { site, nearest in
      nearest.point.map { BoundaryCandidate(site: site, point: $0) }
    }
  }
}

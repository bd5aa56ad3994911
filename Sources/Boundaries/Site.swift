public import Networks
public import Tensors

/// A query as searches see it: in pixels, with the margin positive at the start.
public struct Site: Sendable {
  /// Pixels of the input, `[1, C, H, W]`, within the bounds.
  public let start: Tensor
  /// The bounds, which meet where a pixel must not change.
  public let lower: Tensor, upper: Tensor
  public let fact: ClassIndex
  public private(set) var foil: ClassIndex?
  public let norm: Norm
  public let seed: UInt64
  /// Scores at the start.
  public internal(set) var logits: [Float] = []
  /// −1 where a foil was given and leads at the start: the margin is then its score less the fact's.
  public internal(set) var sign: Float = 1
  let space: PixelSpace
  let hasFrozen: Bool
  /// Whether no pixel may change.
  let isFrozen: Bool

  init(_ query: BoundaryQuery) {
    start = query.space.pixels(of: query.input).clamped(query.lower, query.upper)
    lower = query.lower
    upper = query.upper
    fact = query.fact
    foil = query.foil
    norm = query.norm
    seed = query.seed
    space = query.space
    let frozen = zip(query.lower.scalars, query.upper.scalars).map(==)
    hasFrozen = frozen.contains(true)
    isFrozen = !frozen.contains(false)
  }

  /// The margin at the start, 0 or more for those that are searched.
  public var startMargin: Float { margin(logits) }

  /// What scores at the start differ by: the margin or, where neither class of a pair leads, how far the
  /// lower one is below the leader.
  var scale: Float {
    guard let foil else { return startMargin }
    return max(startMargin, third(in: logits, beside: foil) - min(logits[fact], logits[foil]))
  }

  /// The margin: the fact's score less the foil's, or less the best of all others; negative beyond
  /// the boundary.
  public func margin(_ logits: [Float]) -> Float { margin(logits, over: rival(in: logits)) }

  /// The margin over one other class.
  public func margin(_ logits: [Float], over rival: ClassIndex) -> Float {
    sign * (logits[fact] - logits[rival])
  }

  /// The foil, or the best of all classes but the fact.
  public func rival(in logits: [Float]) -> ClassIndex {
    if let foil { return foil }
    var best = fact == 0 ? 1 : 0
    for index in logits.indices where index != fact && logits[index] > logits[best] {
      best = index
    }
    return best
  }

  /// The best score of all classes but two, −∞ where there is none.
  func third(in logits: [Float], beside rival: ClassIndex) -> Float {
    logits.indices.reduce(-.infinity) {
      $1 == fact || $1 == rival ? $0 : max($0, logits[$1])
    }
  }

  /// How far the best third class is above both of a pair; 0 where none is, and without a foil.
  func excess(_ logits: [Float]) -> Double {
    guard let foil else { return 0 }
    return Double(max(0, third(in: logits, beside: foil) - max(logits[fact], logits[foil])))
  }

  /// Classes that may tie with the fact, the best score first.
  public func rivals(_ limit: Int) -> [ClassIndex] {
    if let foil { return [foil] }
    let order = logits.indices.filter { $0 != fact }
      .sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    return Array(order.prefix(limit))
  }

  /// The derivative of the margin over a class by the scores.
  public func seed(over rival: ClassIndex) -> [Float] {
    var seed = [Float](repeating: 0, count: logits.count)
    seed[fact] = sign
    seed[rival] = -sign
    return seed
  }

  /// Start + share · (end − start), within the bounds.
  public func between(_ end: Tensor, _ share: Double) -> Tensor {
    let share = Float(share)
    return start.withScalars { start in
      end.withScalars { end in
        .clamped(lower, upper) { start[$0] + share * (end[$0] - start[$0]) }
      }
    }
  }

  /// The same place with one class to reach, and other scores at the start.
  func facing(_ foil: ClassIndex, logits: [Float]) -> Site {
    var site = self
    site.foil = foil
    site.logits = logits
    return site
  }

  /// The distance of a point from the start.
  public func distance(_ point: Tensor) -> Double { norm.length(of: point - start) }
}

/// Weights of an optimisation as it goes on, thinned out: it takes the same room however many steps
/// there are.
struct MaskFilm {
  struct Take {
    /// 1 or 2.
    let stage: Int
    /// Within its stage, from 0.
    let step: Int
    let loss: Double
    let weights: [Double]
  }

  /// The first weights, some between, and the last.
  var takes: [Take] { kept + (last.map { [$0] } ?? []) }

  /// Every `stride`th take but the last.
  private var kept: [Take] = []
  private var last: Take?
  private var stride = 1
  private var count = 0

  /// Twice this many are kept at most.
  private static let least = 8

  mutating func add(_ take: Take) {
    if let last, (count - 1) % stride == 0 { kept.append(last) }
    if kept.count == 2 * Self.least {
      kept = kept.indices.compactMap { $0 % 2 == 0 ? kept[$0] : nil }
      stride *= 2
    }
    last = take
    count += 1
  }
}

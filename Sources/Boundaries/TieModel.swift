import Networks
import Tensors

/// What must hold where two classes tie above all others, as linear models tell: the margin of the pair
/// vanishes, and no third class has a higher score.
struct TieModel {
  /// The gradient of the margin, in pixels; toward higher margins, as `Site.margin`.
  private(set) var normal: Tensor?
  /// Third classes that were met.
  private(set) var thirds: [Third] = []

  struct Third {
    let rival: ClassIndex
    /// The gradient of its score less the foil's, in pixels.
    fileprivate(set) var normal: Tensor
  }

  /// What a gradient is of.
  enum Condition: Equatable {
    case margin
    case third(ClassIndex)

    /// Its derivative by the scores.
    func seed(_ site: Site, _ foil: ClassIndex) -> [Float] {
      guard case .third(let rival) = self else { return site.seed(over: foil) }
      var seed = [Float](repeating: 0, count: site.logits.count)
      seed[rival] = 1
      seed[foil] = -1
      return seed
    }
  }

  /// Margins beyond are this part of the site's scale, at least, and thirds twice as far below; at most
  /// `tolerance`.
  private static let aim = 5e-7
  private static let tolerance = 1e-5

  /// All conditions there are.
  var conditions: [Condition] { [.margin] + thirds.map { .third($0.rival) } }

  /// Euclidean lengths of the normals, in the order of `conditions`.
  var lengths: [Double] {
    (normal.map { [$0] } ?? []).map(Norm.l2.length) + thirds.map { Norm.l2.length(of: $0.normal) }
  }

  /// Takes in a gradient of a condition.
  ///
  /// - Parameter weight: how much of it enters the average, where there is one already.
  mutating func learn(_ gradient: Tensor, of condition: Condition, weight: Float = 1) {
    switch condition {
    case .margin:
      normal = normal?.blended(with: gradient, weight) ?? gradient
    case .third(let rival):
      if let place = thirds.firstIndex(where: { $0.rival == rival }) {
        thirds[place].normal = thirds[place].normal.blended(with: gradient, weight)
      } else {
        thirds.append(Third(rival: rival, normal: gradient))
      }
    }
  }

  /// How far each condition is from holding at these scores, in the order of `conditions`: the
  /// magnitude of the margin, and how far thirds are above the foil, where they are.
  func violations(_ logits: [Float], _ site: Site, _ foil: ClassIndex) -> [Double] {
    [Double(site.margin(logits).magnitude)]
      + thirds.map { max(0, Double(logits[$0.rival] - logits[foil])) }
  }

  /// The nearest point to the start at which the models hold, as they stand at a point with these scores.
  func projection(
    from point: Tensor, _ logits: [Float], of site: Site, foil: ClassIndex
  ) -> Tensor? {
    guard let normal else { return nil }
    let back = site.start - point
    let scale = Double(site.scale)
    let cuts =
      [
        CutsProjection.Cut(
          normal: normal,
          value: Double(site.margin(logits)) + VectorSums.dot(normal, back) + Self.aim * scale,
          isEquality: true)
      ]
      + thirds.map { third in
        CutsProjection.Cut(
          normal: third.normal,
          value: Double(logits[third.rival]) - Double(logits[foil])
            + VectorSums.dot(third.normal, back) + 2 * Self.aim * scale, isEquality: false)
      }
    let next = CutsProjection(site: site, cuts: cuts).point()
    return next.isFinite ? next : nil
  }

  /// Third classes above the pair that have no normal, the highest first, three at most.
  func leaders(_ logits: [Float], _ site: Site, _ foil: ClassIndex) -> [ClassIndex] {
    let highest = max(logits[site.fact], logits[foil])
    let known = thirds.map(\.rival) + [site.fact, foil]
    return Array(
      logits.indices.filter { logits[$0] > highest && !known.contains($0) }
        .sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(3))
  }

  // MARK: - The pair itself

  /// Whether the pair leads, as far as rounding can tell.
  static func leads(_ logits: [Float], _ site: Site) -> Bool {
    guard let foil = site.foil else { return true }
    let scale = max(site.scale, logits[site.fact].magnitude * 1e-2)
    let lower = min(logits[site.fact], logits[foil])
    return site.third(in: logits, beside: foil) - lower <= Float(tolerance) * scale
  }

  /// Whether the pair ties, at the start or just beyond, and leads.
  static func holds(_ logits: [Float], _ site: Site) -> Bool {
    let margin = Double(site.margin(logits))
    return margin <= 0 && margin >= -tolerance * Double(site.scale) && leads(logits, site)
  }
}

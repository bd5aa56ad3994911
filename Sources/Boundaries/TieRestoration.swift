import Networks
import Tensors

/// Brings points where fact and foil tie, but a third class leads, to where both lead together.
///
/// The nearest tie of two classes may lie in the region of a third. The condition that fact and foil tie
/// and the conditions that no other class is above them are made linear where the point is; the start is
/// projected on all of them within the bounds, by the Euclidean norm; and so on until the point stays.
/// Exact in one step for linear scores.
struct TieRestoration {
  private let survey: Survey
  /// As parts of the margin at the start.
  private static let aim = 5e-7, tolerance = 1e-5

  init(_ survey: Survey) { self.survey = survey }

  /// Those points of a site at which no third class leads, the others restored where that is possible.
  func restored(_ exits: [Crossing.Exit]) -> [Crossing.Exit] {
    guard let first = exits.first else { return [] }
    let site = survey.sites[first.site]
    let valid = exits.filter { excess($0.logits, site) <= 0 }
    guard valid.count < exits.count, survey.hasGradients else { return valid }
    let others = exits.filter { excess($0.logits, site) > 0 }
    let nearest = others.min { $0.distance < $1.distance }
    return valid + (nearest.flatMap(restored).map { [$0] } ?? [])
  }

  /// How far the best other class is above the tie, less what rounding may do.
  private func excess(_ logits: [Float], _ site: Site) -> Float {
    guard let foil = site.foil else { return 0 }
    let scale = max(site.startMargin, logits[site.fact].magnitude * 1e-2)
    return site.third(in: logits, beside: foil) - min(logits[site.fact], logits[foil])
      - Float(Self.tolerance) * scale
  }

  private func restored(_ exit: Crossing.Exit) -> Crossing.Exit? {
    let site = survey.sites[exit.site]
    guard let foil = site.foil else { return exit }
    let scale = Double(site.startMargin)
    var (point, logits) = (exit.point, exit.logits)
    var thirds: [ClassIndex] = []
    var best: Crossing.Exit?
    for _ in 0..<20 {
      let leader = max(logits[site.fact], logits[foil])
      for index in logits.indices
      where index != site.fact && index != foil && logits[index] > leader
        && !thirds.contains(index)
      {
        thirds.append(index)
      }
      let classes = [site.fact] + thirds
      let slopes = survey.slopes(at: classes.map { _ in .init(exit.site, point) }) { probe, row in
        var seed = [Float](repeating: 0, count: row.count)
        seed[classes[probe]] = probe == 0 ? site.sign : 1
        seed[foil] = probe == 0 ? -site.sign : -1
        return seed
      }
      let back = site.start - point
      let cuts = classes.indices.map { place in
        let row = slopes[place].logits
        let value = Double(row[classes[place]]) - Double(row[foil])
        let gradient = slopes[place].gradient
        let atStart = value * (place == 0 ? Double(site.sign) : 1) + VectorSums.dot(gradient, back)
        return CutsProjection.Cut(
          normal: gradient, value: atStart + Self.aim * scale * (place == 0 ? 1 : 2),
          isEquality: place == 0)
      }
      let next = CutsProjection(site: site, cuts: cuts).point()
      guard next.isFinite else { return best }
      let step = Norm.l2.length(of: next - point)
      point = next
      logits = survey.logits(at: [.init(exit.site, point)])[0]
      let margin = Double(site.margin(logits))
      if margin <= 0, margin >= -Self.tolerance * scale, excess(logits, site) <= 0 {
        let distance = site.distance(point)
        if best.map({ distance < $0.distance }) ?? true {
          best = Crossing.Exit(
            site: exit.site, point: point, logits: logits, distance: distance,
            origin: exit.origin + ", third class held back")
        }
        if step <= 1e-6 * Norm.l2.length(of: point - site.start) { break }
      }
    }
    return best
  }
}

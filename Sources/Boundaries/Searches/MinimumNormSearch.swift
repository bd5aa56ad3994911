import Networks
import Tensors

/// Descent of the margin in a ball that is fitted to the boundary as the search crosses it: FMN.
///
/// Costs a gradient a step. For the Euclidean norm and the largest magnitude.
///
/// Pintor, Roli, Brendel, Biggio: Fast Minimum-norm Adversarial Attacks through Adaptive Norm
/// Constraints, 2021 (arXiv:2102.12827).
public struct MinimumNormSearch: BoundarySearch {
  public var steps = 100
  /// The first step in pixel units, above 0; the last is a hundredth.
  public var pace = 1.0
  /// By how much of itself the radius changes at first, between 0 and 1; at last by a fiftieth of this.
  public var change = 0.05

  public static let about = SearchDescription(
    name: "fmn", summary: "descends the margin in a ball that is fitted to the boundary",
    source: "Pintor et al. 2021 (arXiv:2102.12827)", norms: [.l2, .linf],
    parameters: [
      "steps": "gradients",
      "pace": "the first step in pixel units",
      "change": "by how much of itself the radius changes at first",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard steps >= 1, pace > 0, change > 0, change < 1 else {
      throw .parameter(
        search: Self.about.name,
        reason: "steps must be 1 or more, pace above 0, and change between 0 and 1")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    var moved = sites.map { Tensor(zeros: survey.sites[$0].start.shape) }
    var radii = sites.map { _ in Double.infinity }
    var nearest = sites.map { _ in NearestBeyond() }
    for step in 0..<steps {
      let points = zip(sites, moved).map { Ascent.moved(survey.sites[$0], $1) }
      let slopes = survey.slopes(at: zip(sites, points).map { .init($0, $1) }) {
        let site = survey.sites[sites[$0]]
        return site.seed(over: site.rival(in: $1)).map { -$0 }
      }
      let progress = Double(step) / Double(steps)
      let length = Float(Ascent.cosine(pace, pace / 100, progress))
      let share = Ascent.cosine(change, change / 50, progress)
      for (place, slope) in slopes.enumerated() {
        let site = survey.sites[sites[place]]
        let margin = Double(site.margin(slope.logits))
        let distance = site.norm.length(of: moved[place])
        if margin < 0 {
          nearest[place].offer(points[place], distance)
          radii[place] = min(radii[place] * (1 - share), nearest[place].distance)
        } else if nearest[place].point != nil {
          radii[place] *= 1 + share
        } else {
          let steepness = site.norm.dual.length(of: slope.gradient)
          radii[place] = steepness > 0 ? distance + margin / steepness : .infinity
        }
        moved[place].add(Ascent.unit(slope.gradient, site, draw: step), scaledBy: length)
        moved[place] = held(moved[place], radii[place], site)
      }
    }
    // Where no step went beyond, the last is the nearest to it.
    for place in sites.indices where nearest[place].point == nil {
      nearest[place].offer(Ascent.moved(survey.sites[sites[place]], moved[place]), 0)
    }
    return nearest.candidates(sites)
  }

  /// A displacement brought into the ball and the bounds.
  private func held(_ displacement: Tensor, _ radius: Double, _ site: Site) -> Tensor {
    var inside = displacement
    let length = site.norm.length(of: displacement)
    if length > radius {
      let limit = Float(radius)
      inside =
        site.norm == .linf
        ? displacement.map { min(max($0, -limit), limit) }
        : Float(radius / length) * displacement
    }
    return Ascent.moved(site, inside) - site.start
  }
}

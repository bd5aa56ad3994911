import Networks
import Tensors

/// Ascent of the loss on a sphere whose radius shrinks while the decision is changed, and grows while it
/// is not: DDN.
///
/// Costs a gradient a step.
///
/// Rony, Hafemann, Oliveira, Ben Ayed, Sabourin, Granger: Decoupling Direction and Norm for Efficient
/// Gradient-Based L2 Adversarial Attacks and Defenses, 2019 (arXiv:1811.09600).
public struct DecoupledNormSearch: BoundarySearch {
  public var steps = 100
  /// The first radius in pixel units, above 0.
  public var radius = 1.0
  /// By how much of itself the radius changes at each step, between 0 and 1.
  public var change = 0.05

  public static let about = SearchDescription(
    name: "ddn", summary: "climbs the loss on a sphere that shrinks beyond the boundary",
    source: "Rony et al. 2019 (arXiv:1811.09600)",
    parameters: [
      "steps": "gradients",
      "radius": "the first radius in pixel units",
      "change": "by how much of itself the radius changes at each step",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard steps >= 1, radius > 0, change > 0, change < 1 else {
      throw .parameter(
        search: Self.about.name,
        reason: "steps must be 1 or more, radius above 0, and change between 0 and 1")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    var moved = sites.map { Tensor(zeros: survey.sites[$0].start.shape) }
    var radii = sites.map { _ in radius }
    var nearest = sites.map { _ in NearestBeyond() }
    for step in 0..<steps {
      let points = zip(sites, moved).map { Ascent.moved(survey.sites[$0], $1) }
      let slopes = survey.slopes(at: zip(sites, points).map { .init($0, $1) }) {
        Ascent.seed(survey.sites[sites[$0]], $1)
      }
      let pace = Float(Ascent.cosine(1, 0.01, Double(step) / Double(steps)))
      for (place, slope) in slopes.enumerated() {
        let site = survey.sites[sites[place]]
        let isBeyond = site.margin(slope.logits) < 0
        if isBeyond { nearest[place].offer(points[place], Norm.l2.length(of: moved[place])) }
        radii[place] *= isBeyond ? 1 - change : 1 + change
        moved[place].add(Ascent.unit(slope.gradient, site, draw: step), scaledBy: pace)
        let length = Norm.l2.length(of: moved[place])
        moved[place] =
          Ascent.moved(site, Float(radii[place] / length) * moved[place]) - site.start
      }
    }
    return nearest.candidates(sites)
  }
}

import Networks
import Tensors

/// Ascent of the loss in balls of growing radius, until one of them holds another class.
///
/// In each ball, from a random point, `steps` steps of 2.5 · radius / steps go along the gradient of the
/// cross-entropy, back into the ball and the bounds. The first ball whose last point has another class is
/// climbed once more from there. Costs a gradient a step.
///
/// Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look Normal, 2021
/// (arXiv:2103.11257). Its published code takes steps that shrink with the square of the radius, and
/// keeps a point without another class where all radii fail; here neither.
public struct GradientLadderSearch: BoundarySearch {
  /// Radii of the balls in pixel units, ascending.
  public var radii: [Float] = [36.0 / 255, 64.0 / 255, 0.3, 0.5, 0.7, 0.9, 1.1, 2, 4, 8]
  /// Steps in each ball, at least 1.
  public var steps = 40

  public static let about = SearchDescription(
    name: "pgd-ladder", summary: "climbs the loss in balls of growing radius",
    source: "Wang, Fredrikson, Datta 2021 (arXiv:2103.11257)",
    parameters: [
      "radii": "radii of the balls in pixel units, ascending",
      "steps": "steps in each ball",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard steps >= 1, !radii.isEmpty, radii.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .parameter(
        search: Self.about.name, reason: "there must be steps, and radii above 0")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    var found: [BoundaryCandidate] = []
    var open = sites
    for (rung, radius) in radii.sorted().enumerated() where !open.isEmpty {
      let starts = open.map { start(survey.sites[$0], radius, rung) }
      let ends = climbed(starts, of: open, radius, survey)
      let won = open.indices.filter { ends[$0].isBeyond }
      let winners = won.map { open[$0] }
      let again = climbed(won.map { ends[$0].point }, of: winners, radius, survey)
      for (place, index) in won.enumerated() {
        let point = again[place].isBeyond ? again[place].point : ends[index].point
        found.append(BoundaryCandidate(site: open[index], point: point))
      }
      open = open.indices.filter { !ends[$0].isBeyond }.map { open[$0] }
    }
    return found
  }

  /// Where all steps in the ball lead, and whether the decision has changed there.
  private func climbed(
    _ starts: [Tensor], of sites: [Int], _ radius: Float, _ survey: Survey
  ) -> [(point: Tensor, isBeyond: Bool)] {
    var points = starts
    for step in 0..<steps {
      let slopes = survey.slopes(at: zip(sites, points).map { .init($0, $1) }) {
        Ascent.seed(survey.sites[sites[$0]], $1)
      }
      for (place, slope) in slopes.enumerated() {
        let site = survey.sites[sites[place]]
        var moved = points[place] - site.start
        moved.add(
          Ascent.unit(slope.gradient, site, draw: step), scaledBy: 2.5 * radius / Float(steps))
        points[place] = held(moved, radius, site)
      }
    }
    let rows = survey.logits(at: zip(sites, points).map { .init($0, $1) })
    return zip(sites, zip(points, rows)).map { site, end in
      (end.0, survey.sites[site].margin(end.1) < 0)
    }
  }

  /// A random point of the ball.
  private func start(_ site: Site, _ radius: Float, _ rung: Int) -> Tensor {
    let random = CounterRandom(seed: site.seed, stream: RandomStream.ascent)
    let direction = random.normal(site.start.shape, sample: rung | 1 << 32)
    var numbers = random.sequence(sample: rung | 1 << 33)
    let length = radius * Float.random(in: 0..<1, using: &numbers)
    return held(length / Float(Norm.l2.length(of: direction)) * direction, radius, site)
  }

  private func held(_ displacement: Tensor, _ radius: Float, _ site: Site) -> Tensor {
    let length = Norm.l2.length(of: displacement)
    let share = length > Double(radius) ? Float(Double(radius) / length) : 1
    return Ascent.moved(site, share * displacement)
  }
}

import Networks
import Tensors

/// Steps onto the nearest of the linear models of all margins, added up: DeepFool.
///
/// Each step evaluates the margins over the best other classes, takes the one whose linear model vanishes
/// nearest, and moves there; the sum of all steps, a little enlarged, is the displacement. Ends where
/// the decision changes. Costs a gradient for each class and step.
///
/// Moosavi-Dezfooli, Fawzi, Frossard: DeepFool: a simple and accurate method to fool deep neural
/// networks, 2016 (arXiv:1511.04599). The enlarged sum is clipped into the bounds at each step.
public struct DeepFoolSearch: BoundarySearch {
  /// Steps at most, at least 1.
  public var steps = 50
  /// How many of the best other classes are looked at, at least 1.
  public var classes = 9
  /// How much the sum of steps is enlarged, 0 or more.
  public var overshoot: Float = 0.02

  public static let about = SearchDescription(
    name: "deepfool", summary: "steps onto the nearest linear model of all margins",
    source: "Moosavi-Dezfooli, Fawzi, Frossard 2016 (arXiv:1511.04599)", norms: [.l2, .linf],
    parameters: [
      "steps": "steps at most",
      "classes": "how many other classes are looked at",
      "overshoot": "how much the sum of steps is enlarged",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard steps >= 1, classes >= 1, overshoot >= 0 else {
      throw .parameter(
        search: Self.about.name,
        reason: "steps and classes must be 1 or more, and overshoot 0 or more")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    struct Walk {
      let site: Int
      var point: Tensor
      var sum: Tensor
    }
    var open = sites.map { index in
      let start = survey.sites[index].start
      return Walk(site: index, point: start, sum: Tensor(zeros: start.shape))
    }
    var found: [BoundaryCandidate] = []
    for _ in 0..<steps where !open.isEmpty {
      let pairs = open.indices.flatMap { walk in
        survey.sites[open[walk].site].rivals(classes).map { (walk, $0) }
      }
      let slopes = survey.slopes(at: pairs.map { .init(open[$0.0].site, open[$0.0].point) }) {
        probe, _ in survey.sites[open[pairs[probe].0].site].seed(over: pairs[probe].1)
      }
      var nearest = [(reach: Double, probe: Int)?](repeating: nil, count: open.count)
      for (probe, pair) in pairs.enumerated() {
        let site = survey.sites[open[pair.0].site]
        let margin = Double(site.margin(slopes[probe].logits, over: pair.1)).magnitude
        let reach = margin / site.norm.dual.length(of: slopes[probe].gradient)
        if reach.isFinite, reach < nearest[pair.0]?.reach ?? .infinity {
          nearest[pair.0] = (reach, probe)
        }
      }
      for walk in open.indices {
        guard let (reach, probe) = nearest[walk] else { continue }
        let site = survey.sites[open[walk].site]
        let gradient = slopes[probe].gradient
        // A little further than the model says, so that flat margins move, too.
        let length = reach * 1.0001 + 1e-6
        switch site.norm {
        case .linf:
          open[walk].sum.add(
            gradient.map { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }, scaledBy: Float(-length))
        case .l2, .l1:
          open[walk].sum.add(
            gradient, scaledBy: Float(-length / Norm.l2.length(of: gradient)))
        }
        open[walk].point = (site.start + (1 + overshoot) * open[walk].sum)
          .clamped(site.lower, site.upper)
      }
      let rows = survey.logits(at: open.map { .init($0.site, $0.point) })
      let isBeyond = zip(open, rows).map { survey.sites[$0.site].margin($1) < 0 }
      for walk in open.indices where isBeyond[walk] {
        found.append(BoundaryCandidate(site: open[walk].site, point: open[walk].point))
      }
      open = open.indices.filter { !isBeyond[$0] && nearest[$0] != nil }.map { open[$0] }
    }
    return found
  }
}

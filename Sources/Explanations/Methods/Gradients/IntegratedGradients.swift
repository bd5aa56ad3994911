public import Networks
import Tensors

/// Attribution by averaging gradients on the straight path from a baseline to the input.
///
/// For objective f, input x and baseline b, the map is (x − b) · ∫₀¹ ∇f(b + t(x − b)) dt. Positive
/// values speak for the fact. The map has the input's shape `[C, H, W]`; its sum should be
/// f(x) − f(b), and `completenessGap` holds how far it is from that, relative to it. The steps are
/// doubled until the gap is within `tolerance`; where `maximumSteps` do not suffice, the status says
/// so. Deterministic. Costs as many forward and backward passes as steps, doublings included.
///
/// Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (arXiv:1703.01365). The
/// paper sums at evenly spaced points; Gauss-Legendre's rule reaches the same gap with fewer.
public struct IntegratedGradients: Explainer {
  public static let about = MethodDescription(
    name: "integrated-gradients",
    summary: "Gradients averaged on the path from a baseline; sums to the change of the score.",
    source: "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 "
      + "(arXiv:1703.01365)",
    parameters: [
      "steps": "points on the path to begin with, 1 or more",
      "maximumSteps": "where doubling them ends",
      "tolerance": "completeness gap to reach, as a part of the change of the score",
      "baseline": "where the path starts: black or white",
    ])

  /// Points on the path to begin with, at least 1.
  public var steps = 32
  /// Where doubling ends; at most 4096. Less than `steps` means no doubling.
  public var maximumSteps = 512
  /// The completeness gap to reach, above 0.
  public var tolerance = 0.01
  public var baseline = Baseline.black

  public init() {}

  public func validate() throws(ExplainerError) {
    let limit = 4096
    for (name, value) in [("steps", steps), ("maximumSteps", maximumSteps)] {
      guard (1...limit).contains(value) else {
        throw .invalidParameter(
          method: Self.about.name, parameter: name, reason: "must be 1...\(limit), found \(value)")
      }
    }
    guard tolerance > 0 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "tolerance",
        reason: "must be above 0, found \(tolerance)")
    }
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    let start = baseline.tensor(for: input)
    let objective = question.objective
    let (above, below) = (
      Double(model.values(of: objective, for: input)[0]),
      Double(model.values(of: objective, for: start)[0])
    )
    // A change that is nothing beside the values themselves is not divided by.
    let scale = max((above - below).magnitude, 1e-3 * max(above.magnitude, below.magnitude), 1e-6)
    var count = steps
    var passes = 0
    while true {
      let rule = GaussLegendre(count: count)
      let average = model.gradientSum(
        of: objective, from: start, to: input, at: rule.nodes, weights: rule.weights)
      let map = (input - start) * average
      passes += count
      let gap = (map.sum - (above - below)).magnitude / scale
      guard gap.isFinite else {
        throw .nonFinite(method: Self.about.name, where: "the sum of the map")
      }
      if gap <= tolerance || 2 * count > maximumSteps {
        return Explanation(
          map: AttributionMap(map.reshaped(to: map.shape.item), sign: .signed),
          diagnostics: Diagnostics(
            values: [
              "completenessGap": gap, "steps": Double(count), "objective": above,
              "objectiveAtBaseline": below,
            ], forwardPasses: passes + 2, backwardPasses: passes),
          status: gap <= tolerance ? .complete : .completenessFailed(gap: gap))
      }
      count *= 2
    }
  }
}

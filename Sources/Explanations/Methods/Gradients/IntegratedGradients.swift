public import Networks
import Tensors

/// Attribution by averaging gradients on the straight path from a baseline to the input.
///
/// For objective f, input x and baseline b, the map is (x − b) · ∫₀¹ ∇f(b + t(x − b)) dt. Positive
/// values speak for the fact. The map has the input's shape `[C, H, W]`; its sum should be
/// f(x) − f(b), and `completenessGap` holds how far it is from that, relative to it. The steps are
/// doubled until the gap is within `tolerance`; where `maximumSteps` do not suffice, the status says
/// so. With several baselines the map is the mean over them, and the gap the largest. Deterministic, but
/// for noise, which is keyed by the subject's seed. Costs as many forward and backward passes as steps
/// for each baseline, doublings included.
///
/// Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (arXiv:1703.01365). The
/// paper sums at evenly spaced points; Gauss-Legendre's rule reaches the same gap with fewer. The mean
/// over baselines is that of Erion et al.: Improving performance of deep learning models with axiomatic
/// attribution priors and expected gradients, 2021 (arXiv:1906.10670), over baselines that need no data.
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
      "baseline":
        "where the path starts: \(Baseline.names); a sum such as black+white averages",
      "draws": "how many pictures of noise are averaged, where noise is a baseline",
    ])

  /// Points on the path to begin with, at least 1.
  public var steps = 32
  /// Where doubling ends; at most 4096. Less than `steps` means no doubling.
  public var maximumSteps = 512
  /// The completeness gap to reach, above 0.
  public var tolerance = 0.01
  public var baseline = BaselineMixture(.black)
  /// Pictures of noise, at least 1.
  public var draws = 8

  public init() {}

  public func validate() throws(ExplainerError) {
    try PathIntegral.validate(
      method: Self.about.name, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance)
    guard (1...1000).contains(draws) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "draws", reason: "must be 1...1000, found \(draws)")
    }
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let (input, seed) = (question.subject.input, question.subject.seed)
    let integral = PathIntegral(
      method: Self.about.name, objective: question.objective, fact: question.fact, steps: steps,
      maximumSteps: maximumSteps, tolerance: tolerance)
    let starts = baseline.tensors(for: input, seed: seed, draws: draws)
    var map = Tensor(zeros: input.shape.item)
    var paths: [PathIntegral.Path] = []
    for start in starts {
      let (part, path) = try integral.path(from: start, to: input, using: model)
      map.add(part, scaledBy: 1 / Float(starts.count))
      paths.append(path)
    }
    let gap = paths.map(\.gap).max() ?? 0
    let points = paths.reduce(0) { $0 + $1.points }
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      diagnostics: Diagnostics(
        values: [
          "completenessGap": gap, "steps": Double(paths.map(\.steps).max() ?? 0),
          "objective": paths[0].above,
          "objectiveAtBaseline": paths.reduce(0) { $0 + $1.below } / Double(paths.count),
        ], forwardPasses: points + 2 * paths.count, backwardPasses: points),
      status: gap <= tolerance ? .complete : .completenessFailed(gap: gap))
  }
}

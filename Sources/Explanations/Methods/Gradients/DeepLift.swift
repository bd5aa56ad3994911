public import Networks
import Tensors

/// Attribution by what changes from a baseline, carried back through the network by finite slopes.
///
/// Picture x and baseline b go forward side by side. On the way back from objective f, a function of
/// one element multiplies by Δout / Δin (the rescale rule; its derivative where |Δin| < 10⁻¹⁰), and
/// layers that are affine in what changes as usual. The map is (x − b) times what arrives, of the
/// input's shape `[C, H, W]`; positive values speak for the fact. Its sum is f(x) − f(b) wherever every
/// layer accounts for its change: `completenessGap` holds how far it is from that, relative to it, and
/// beyond `tolerance` the status says so. Deterministic. Two forward and one backward pass.
///
/// What else there is: the change of a maximum under a window is split between where the picture and
/// where the baseline is largest; a product of two signals gives each the other's mean; softmax,
/// normalisations by the picture's own statistics and other functions of several values take their
/// mean derivative on the straight line between both, by eight or sixteen points, good where they are
/// smooth. Nothing flows back through comparisons: where a mask changes, its change is missing.
///
/// Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating Activation
/// Differences, 2017 (arXiv:1704.02685), there the rescale rule. Maxima are split as by Lundberg and
/// Lee (arXiv:1705.07874), products as by Shapley's value.
public struct DeepLift: Explainer {
  public static let about = MethodDescription(
    name: "deep-lift",
    summary: "Changes from a baseline, carried back as such; sums to the change of the score.",
    source: "Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating "
      + "Activation Differences, 2017 (arXiv:1704.02685), rescale rule",
    parameters: [
      "baseline": "what the picture is compared with: \(Baseline.names)",
      "tolerance": "completeness gap beyond which the status tells, as a part of the change",
    ])

  public var baseline = Baseline.black
  /// The largest completeness gap of a complete map, above 0.
  public var tolerance = 0.01

  public init() {}

  public func validate() throws(ExplainerError) {
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
    let reference = baseline.tensor(for: input, seed: question.subject.seed)
    let objective = question.objective
    let request = TraceRequest(
      reading: objective.layers, seeding: objective.layers, gradients: [.input], compares: true)
    let trace = model.trace(input, against: reference, for: request)
    let (values, seeds) = objective.evaluate(trace)
    // The objective is linear in the scores, so that its own change is that of the seeded values.
    let change = seeds.reduce(0) { sum, seed in
      sum + seed.value.dot(trace[seed.key]) - seed.value.dot(trace[reference: seed.key])
    }
    let map = (input - reference) * trace.gradient(seeding: seeds)
    let (above, below) = (Double(values[0]), Double(values[0]) - change)
    // A change that is nothing beside the values themselves is not divided by.
    let scale = max(change.magnitude, 1e-3 * max(above.magnitude, below.magnitude), 1e-6)
    let gap = (map.sum - change).magnitude / scale
    guard gap.isFinite else {
      throw .nonFinite(method: Self.about.name, where: "the sum of the map")
    }
    return Explanation(
      map: AttributionMap(map.reshaped(to: map.shape.item), sign: .signed),
      diagnostics: Diagnostics(
        values: [
          "completenessGap": gap, "objective": above, "objectiveAtBaseline": below,
        ], forwardPasses: 2, backwardPasses: 1),
      status: gap <= tolerance ? .complete : .completenessFailed(gap: gap))
  }
}

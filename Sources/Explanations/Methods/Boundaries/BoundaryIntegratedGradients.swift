import Boundaries
public import Networks
import Tensors

/// Integrated gradients whose baseline is the nearest picture with another decision.
///
/// With x′ for the nearest point at which another class j overtakes the fact i, and the margin
/// g = zᵢ − zⱼ, the map is (x − x′) · ∫₀¹ ∇g(x′ + t(x − x′)) dt, of the input's shape `[C, H, W]`. Since
/// g(x′) is zero, it adds up to the margin g(x): it shares out among pixels by how much the fact leads.
/// Positive values speak for the fact. There is no baseline to choose. The counterpart is x′.
///
/// The steps are doubled until the sum is right within `tolerance`; where `maximumSteps` do not suffice,
/// the status says so. `otherClass` among the diagnostics is the part of the path on which another class
/// than the fact leads. Where no point is found, the status says why, and the map is zero; so it is
/// where the network already prefers another class. Deterministic: random starts are keyed by the
/// subject's seed. Costs the search, and as many forward and backward passes as steps, doublings
/// included.
///
/// Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look Normal, 2021
/// (arXiv:2103.11257). The published code integrates the fact's score alone (`of=logit`) from a point
/// somewhat beyond the boundary, with weights that add up to (n − 1)/n, and keeps a point that does
/// not change the decision where its search fails.
public struct BoundaryIntegratedGradients: Explainer {
  public static let about = MethodDescription(
    name: "boundary-integrated-gradients",
    summary:
      "Gradients averaged from the nearest other decision to the picture; sums to the margin.",
    source:
      "Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look "
      + "Normal, 2021 (arXiv:2103.11257)",
    parameters: SearchChoice.parameters(of: ProjectionSearch.self).merging([
      "of": BoundaryScore.meaning,
      "steps": "points on the path to begin with, 1 or more",
      "maximumSteps": "where doubling them ends",
      "tolerance": "completeness gap to reach, as a part of the change of the score",
    ]) { $1 })

  public var of = BoundaryScore.margin
  /// Twenty gradients: points are then within some hundredths of the nearest that sixty find.
  public var search = SearchChoice(ProjectionSearch(gradients: 20))
  /// Points on the path to begin with, at least 1.
  public var steps = 32
  /// Where doubling ends; at most 4096. Less than `steps` means no doubling.
  public var maximumSteps = 256
  /// The completeness gap to reach, above 0.
  public var tolerance = 0.01

  /// Nearer than this, in pixel units, there is nothing between the picture and the boundary.
  static let leastDistance = 1e-6

  public init() {}

  public func validate() throws(ExplainerError) {
    try search.chosen.validate(for: Self.about.name)
    try PathIntegral.validate(
      method: Self.about.name, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance)
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let outcome = try search.chosen.outcome(
      for: question, using: model, method: Self.about.name)
    guard let point = outcome.point else { return Explanation(without: outcome, for: question) }
    let path = try PathIntegral(
      method: Self.about.name, objective: of.objective(point.fact, over: point.foil),
      fact: question.fact,
      steps: steps, maximumSteps: maximumSteps, tolerance: tolerance
    ).path(from: point.point, to: question.subject.input, using: model)
    var diagnostics = Diagnostics(of: outcome)
    diagnostics.values.merge([
      "completenessGap": path.gap, "steps": Double(path.steps), "objective": path.above,
      "objectiveAtBoundary": path.below,
      "otherClass": Double(path.pointsElsewhere) / Double(path.steps),
    ]) { $1 }
    diagnostics.forwardPasses += path.points + 2
    diagnostics.backwardPasses += path.points
    return Explanation(
      map: AttributionMap(path.map.reshaped(to: path.map.shape.item), sign: .signed),
      counterpart: point.point, diagnostics: diagnostics,
      status: status(of: outcome, point, path))
  }

  private func status(
    of outcome: BoundaryOutcome, _ point: BoundaryPoint, _ path: PathIntegral.Path
  ) -> Explanation.Status {
    if outcome.status != .found { return .boundary(outcome.status) }
    if point.l2 < Self.leastDistance, path.map.largestMagnitude > 0 {
      return .boundaryTooNear(distance: point.l2)
    }
    return path.gap <= tolerance ? .complete : .completenessFailed(gap: path.gap)
  }
}

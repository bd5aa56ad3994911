import Boundaries
public import Networks
import Tensors

/// The gradient where the decision changes: at the nearest point of the decision boundary, in place of
/// the picture itself.
///
/// With x′ for the nearest point at which another class j overtakes the fact i, the map is
/// ∇(zᵢ − zⱼ)(x′), of the input's shape `[C, H, W]`: the boundary's normal there, times the margin's
/// slope. Positive means that a brighter value would speak for the fact where it matters, between
/// these two classes. The counterpart is x′.
///
/// Where no point is found, the status says why, and the map is zero; so it is where the network already
/// prefers another class than the fact. Deterministic: random starts are keyed by the subject's seed.
/// Costs the search and a forward and a backward pass.
///
/// Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look Normal, 2021
/// (arXiv:2103.11257). The published code differentiates the fact's score alone (`of=logit`) at a point
/// somewhat beyond the boundary; here the point is brought onto the boundary, and the margin is
/// differentiated, since only it is normal to the boundary.
public struct BoundarySaliency: Explainer {
  public static let about = MethodDescription(
    name: "boundary-saliency",
    summary: "Gradient at the nearest point at which the decision changes: the boundary's normal.",
    source: BoundaryIntegratedGradients.about.source,
    parameters: SearchChoice.parameters(of: ProjectionSearch.self)
      .merging(["of": BoundaryScore.meaning]) { $1 })

  public var of = BoundaryScore.margin
  /// Twenty gradients: points are then within some hundredths of the nearest that sixty find.
  public var search = SearchChoice(ProjectionSearch(gradients: 20))

  public init() {}

  public func validate() throws(ExplainerError) { try search.chosen.validate(for: Self.about.name) }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let outcome = try search.chosen.outcome(
      for: question, using: model, method: Self.about.name)
    guard let point = outcome.point else { return Explanation(without: outcome, for: question) }
    let gradient = model.gradient(of: of.objective(point.fact, over: point.foil), for: point.point)
      .gradient
    var diagnostics = Diagnostics(of: outcome)
    diagnostics.values["slope"] = Norm.l2.length(of: gradient)
    diagnostics.forwardPasses += 1
    diagnostics.backwardPasses += 1
    return Explanation(
      map: AttributionMap(gradient.reshaped(to: gradient.shape.item), sign: .signed),
      counterpart: point.point, diagnostics: diagnostics,
      status: .init(outcome.status))
  }
}

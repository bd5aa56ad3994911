public import Explanations
public import Networks
import Tensors

/// The squares of the gradient: what contrast alone does for a map.
///
/// The map has the input's shape `[C, H, W]`. Squares add nothing that a measure should reward:
/// those that look at the order of values alone cannot tell them from magnitudes. One forward and
/// one backward pass.
public struct SquaredGradient: Explainer {
  public static let about = MethodDescription(
    name: "squared-gradient", summary: "Squares of the gradient.", source: "control")

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let gradient = try Gradient().explain(question, using: model)
    return Explanation(
      map: AttributionMap(gradient.map.values.map { $0 * $0 }, sign: .magnitude),
      diagnostics: gradient.diagnostics)
  }
}

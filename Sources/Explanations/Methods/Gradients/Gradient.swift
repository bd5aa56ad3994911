public import Networks
import Tensors

/// The derivative of the objective with respect to every input value.
///
/// The map has the input's shape `[C, H, W]`; positive means that a brighter value would speak for the
/// fact. Deterministic. One forward and one backward pass.
///
/// Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013 (arXiv:1312.6034). The paper
/// shows the largest magnitude over the channels; here signs and channels are kept, and drawing
/// decides.
public struct Gradient: Explainer {
  public static let about = MethodDescription(
    name: "gradient",
    summary: "Derivative of the score with respect to every pixel.",
    source: "Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013 "
      + "(arXiv:1312.6034)")

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let (values, gradient) = model.gradient(
      of: question.objective, for: question.subject.input)
    return Explanation(
      map: AttributionMap(gradient.reshaped(to: gradient.shape.item), sign: .signed),
      diagnostics: Diagnostics(
        values: ["objective": Double(values[0])], forwardPasses: 1, backwardPasses: 1))
  }
}

public import Networks
import Tensors

/// The derivative of the objective times the distance from a baseline: x − b times ∇f(x).
///
/// The map has the input's shape `[C, H, W]`; positive values speak for the fact. For a network that is
/// linear between baseline and input it adds up to f(x) − f(b). Deterministic. One forward and one
/// backward pass.
///
/// Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016 (arXiv:1605.01713). There the
/// baseline is zero, which is the default here, in pixels.
public struct InputTimesGradient: Explainer {
  public static let about = MethodDescription(
    name: "input-x-gradient",
    summary: "Derivative of the score times the pixel: the score's linear part.",
    source: "Shrikumar et al.: Not Just a Black Box, 2016 (arXiv:1605.01713)",
    parameters: ["baseline": "what the pixels are compared with: \(Baseline.names)"]
  )

  public var baseline = Baseline.black

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let subject = question.subject
    let (values, gradient) = model.gradient(of: question.objective, for: subject.input)
    let map = (subject.input - baseline.tensor(for: subject.input, seed: subject.seed)) * gradient
    return Explanation(
      map: AttributionMap(map.reshaped(to: map.shape.item), sign: .signed),
      diagnostics: Diagnostics(
        values: ["objective": Double(values[0])], forwardPasses: 1, backwardPasses: 1))
  }
}

public import Networks
import Tensors

/// The gradient of a network whose rectifiers let nothing negative back.
///
/// Each `Relu` carries a cotangent g back as g where its input and g are positive, and as 0 elsewhere;
/// all other layers carry it back by their derivative, limited and smooth rectifiers such as `Clip`
/// (ReLU6) and HardSwish included. A network without `Relu` therefore gets its gradient, and a note
/// says so. The map has the input's shape `[C, H, W]`; positive values lie where features that speak
/// for the fact are made. It is sharp, but says more of the picture's edges than of the fact: it hardly
/// changes with the class. Deterministic. One forward and one backward pass.
///
/// Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity, 2014 (arXiv:1412.6806). On its
/// limits: Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (arXiv:1810.03292).
public struct GuidedBackprop: Explainer {
  public static let about = MethodDescription(
    name: "guided-backprop",
    summary: "Gradient that rectifiers pass only where it is positive: sharp, hardly of the class.",
    source: "Springenberg et al.: Striving for Simplicity, 2014 (arXiv:1412.6806)")

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let (values, gradient) = model.guidedGradient(
      of: question.objective, for: question.subject.input)
    return Explanation(
      map: AttributionMap(gradient.reshaped(to: gradient.shape.item), sign: .signed),
      diagnostics: Diagnostics(
        values: ["objective": Double(values[0])], notes: Self.notes(on: model),
        forwardPasses: 1, backwardPasses: 1))
  }

  /// What is to be said where the rule changes nothing.
  static func notes(on model: any DifferentiableClassifier) -> [String: String] {
    guard !model.layers.contains(where: { $0.kind == ReLU.kind }) else { return [:] }
    return ["rule": "the network has no Relu, so that this is its gradient"]
  }
}

public import Explanations
import Imaging
public import Networks
import Tensors

/// The magnitude of the gradient under a blur: what smoothness alone does for a map.
///
/// Σ over channels of |∂f/∂x|, under a Gaussian. The map is `[1, H, W]`. One forward and one
/// backward pass.
public struct BlurredGradient: Explainer {
  public static let about = MethodDescription(
    name: "blurred-gradient", summary: "Magnitude of the gradient, blurred.", source: "control",
    parameters: ["radius": "deviation of the blur, as a part of the shorter side"])

  /// As a part of the shorter side; above 0, at most 1.
  public var radius = 0.03

  public init() {}

  public func validate() throws(ExplainerError) {
    guard radius > 0, radius <= 1 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "radius",
        reason: "must be above 0, at most 1, found \(radius)")
    }
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let gradient = try Gradient().explain(question, using: model)
    let size = PixelSize(planeOf: question.subject.input)
    let plane = gradient.map.magnitudes(of: size)
      .blurred(radius: Float(radius) * Float(min(size.width, size.height)))
    return Explanation(
      map: AttributionMap(
        Tensor(plane.samples, shape: [1, size.height, size.width]), sign: .magnitude),
      diagnostics: gradient.diagnostics)
  }
}

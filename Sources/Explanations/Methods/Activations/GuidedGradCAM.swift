public import Networks
import Tensors

/// The guided gradient, kept where the features of Grad-CAM are active.
///
/// Guided backpropagation `[C, H, W]` times the map of Grad-CAM `[1, h, w]`, each of whose positions is
/// repeated over the part of the input that it covers: row i of the input takes row ⌊i·h/H⌋. The map
/// has the input's shape; it is zero where Grad-CAM's is, and its signs are the guided gradient's.
/// Deterministic. Two forward and two backward passes.
///
/// Selvaraju et al.: Grad-CAM, 2017 (arXiv:1610.02391). The paper interpolates between Grad-CAM's
/// positions; repeating them is what Captum does.
public struct GuidedGradCAM: Explainer {
  public static let about = MethodDescription(
    name: "guided-grad-cam",
    summary: "The guided gradient where Grad-CAM finds features: sharp, and of the class.",
    source: "Selvaraju et al.: Grad-CAM, 2017 (arXiv:1610.02391)",
    parameters: LayerEvidence.parameters)

  /// The layer for Grad-CAM.
  public var layer = LayerChoice.automatic

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let layer = try model.activationLayer(layer, for: Self.about.name)
    var coarse = GradCAM()
    coarse.layer = .named(layer.name)
    let features = try coarse.explain(question, using: model)
    let guided = try GuidedBackprop().explain(question, using: model)
    var diagnostics = guided.diagnostics
    diagnostics.notes["layer"] = layer.name.description
    diagnostics.forwardPasses += features.diagnostics.forwardPasses
    diagnostics.backwardPasses += features.diagnostics.backwardPasses
    return Explanation(
      map: AttributionMap(
        Self.product(of: guided.map.values, and: features.map.values), sign: .signed),
      diagnostics: diagnostics)
  }

  /// `[C, H, W]` times `[1, h, w]`, whose nearest position to the upper left is taken.
  static func product(of fine: Tensor, and coarse: Tensor) -> Tensor {
    let (channels, height, width) = (fine.shape[0], fine.shape[1], fine.shape[2])
    let (rows, columns) = (coarse.shape[1], coarse.shape[2])
    let places = (0..<width).map { $0 * columns / width }
    var result = fine.scalars
    coarse.withScalars { coarse in
      for channel in 0..<channels {
        for y in 0..<height {
          let (line, start) = ((channel * height + y) * width, y * rows / height * columns)
          for x in 0..<width { result[line + x] *= coarse[start + places[x]] }
        }
      }
    }
    return Tensor(result, shape: fine.shape)
  }
}

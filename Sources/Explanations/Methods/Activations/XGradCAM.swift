public import Tensors

/// A layer's maps, each weighed by its gradient averaged over where the map is active:
/// w_c = Σ ∂f/∂Aᶜ · Aᶜ / (Σ Aᶜ + 1e-7), and the map max(0, Σ_c w_c · Aᶜ), `[1, h, w]`.
///
/// Deterministic. One forward and one backward pass.
///
/// Fu, Hu, Dong, Guo, Gao, Li: Axiom-based Grad-CAM, 2020 (arXiv:2008.02312).
public struct XGradCAM: ActivationExplainer {
  public static let about = MethodDescription(
    name: "x-grad-cam",
    summary: "Maps of a layer, weighted by their gradient where they are active.",
    source: "Fu et al.: Axiom-based Grad-CAM, 2020 (arXiv:2008.02312)",
    parameters: LayerEvidence.parameters)

  public var layer = LayerChoice.automatic

  public init() {}

  public func map(of evidence: LayerEvidence) -> Tensor {
    evidence.map { channel in
      var (evidence, activity) = (0.0, 0.0)
      for (a, g) in zip(channel.activations, channel.gradient) {
        evidence += Double(a) * Double(g)
        activity += Double(a)
      }
      return evidence / (activity + 1e-7)
    }
  }
}

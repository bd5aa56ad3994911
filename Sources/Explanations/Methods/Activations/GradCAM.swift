public import Tensors

/// Where a layer's features that speak for the fact are active.
///
/// For a layer's maps Aᶜ `[h, w]` and objective f, the map is max(0, Σ_c mean(∂f/∂Aᶜ) · Aᶜ), at the
/// layer's own resolution `[1, h, w]`: zero or more. Where nothing speaks for the fact it is zero
/// everywhere. Deterministic. One forward and one backward pass.
///
/// Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2017 (arXiv:1610.02391).
public struct GradCAM: ActivationExplainer {
  public static let about = MethodDescription(
    name: "grad-cam",
    summary: "Maps of a layer, weighted by their mean gradient: coarse, but steady.",
    source: "Selvaraju et al.: Grad-CAM, 2017 (arXiv:1610.02391)",
    parameters: LayerEvidence.parameters)

  public var layer = LayerChoice.automatic

  public init() {}

  public func map(of evidence: LayerEvidence) -> Tensor {
    evidence.map { channel in
      channel.gradient.reduce(0) { $0 + Double($1) } / Double(channel.gradient.count)
    }
  }
}

public import Tensors

/// A layer's maps times their gradient: max(0, Σ_c ∂f/∂Aᶜ · Aᶜ), at the layer's own resolution
/// `[1, h, w]`, zero or more.
///
/// For a network that ends in a linear layer on flattened maps it is what each position adds to the
/// score; with a mean in between it equals Grad-CAM's. Deterministic. One forward and one backward pass.
///
/// Draelos, Carin: Use HiResCAM instead of Grad-CAM for Faithful Explanations, 2020
/// (arXiv:2011.08891).
public struct HiResCAM: ActivationExplainer {
  public static let about = MethodDescription(
    name: "hires-cam",
    summary: "Maps of a layer times their gradient, position by position.",
    source: "Draelos, Carin: Use HiResCAM instead of Grad-CAM, 2020 (arXiv:2011.08891)",
    parameters: LayerEvidence.parameters)

  public var layer = LayerChoice.automatic

  public init() {}

  public func map(of evidence: LayerEvidence) -> Tensor {
    evidence.map { channel, sums in
      for (position, (a, g)) in zip(channel.activations, channel.gradient).enumerated() {
        sums[position] += a * g
      }
    }
  }
}

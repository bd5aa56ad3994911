public import Tensors

/// A layer's maps times the positive part of their gradient: max(0, Σ_c max(0, ∂f/∂Aᶜ) · Aᶜ), at the
/// layer's own resolution `[1, h, w]`, zero or more.
///
/// Positions are weighed one by one, so that finer maps of earlier layers can be used, named by
/// `layer`. Deterministic. One forward and one backward pass.
///
/// Jiang, Zhang, Hou, Cheng, Wei: LayerCAM: Exploring Hierarchical Class Activation Maps for
/// Localization, 2021 (IEEE Transactions on Image Processing 30).
public struct LayerCAM: ActivationExplainer {
  public static let about = MethodDescription(
    name: "layer-cam",
    summary: "Maps of a layer times the positive part of their gradient; for early layers too.",
    source: "Jiang et al.: LayerCAM, 2021 (IEEE TIP 30)",
    parameters: LayerEvidence.parameters)

  public var layer = LayerChoice.automatic

  public init() {}

  public func map(of evidence: LayerEvidence) -> Tensor {
    evidence.map { channel, sums in
      for (position, (a, g)) in zip(channel.activations, channel.gradient).enumerated() {
        sums[position] += a * max(g, 0)
      }
    }
  }
}

public import Tensors

/// A layer's maps, each weighed by its positive gradients, those of weak ones more:
/// w_c = Σ max(0, g) · g² / (2g² + g³ ΣAᶜ + 1e-6) with g = ∂f/∂Aᶜ, and the map max(0, Σ_c w_c · Aᶜ),
/// `[1, h, w]`.
///
/// Deterministic. One forward and one backward pass.
///
/// Chattopadhay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, 2018 (arXiv:1710.11063). As in the
/// paper's code, powers of the first derivative stand for the higher ones, which is exact for the
/// exponential of the score.
public struct GradCAMPlusPlus: ActivationExplainer {
  public static let about = MethodDescription(
    name: "grad-cam++",
    summary:
      "Maps of a layer, weighted by their positive gradients: for several objects of a class.",
    source: "Chattopadhay et al.: Grad-CAM++, 2018 (arXiv:1710.11063)",
    parameters: LayerEvidence.parameters)

  public var layer = LayerChoice.automatic

  public init() {}

  public func map(of evidence: LayerEvidence) -> Tensor {
    evidence.map { channel in
      let activity = channel.activations.reduce(0) { $0 + Double($1) }
      return channel.gradient.reduce(0) { sum, value in
        let g = Double(value)
        return g > 0 ? sum + g * g * g / (2 * g * g + activity * g * g * g + 1e-6) : sum
      }
    }
  }
}

public import Networks
import Tensors

/// Where a layer's features that speak for the fact are active.
///
/// For a layer's maps Aᶜ `[h, w]` and objective f, the map is max(0, Σ_c mean(∂f/∂Aᶜ) · Aᶜ), at the
/// layer's own resolution `[1, h, w]`: zero or more. Where nothing speaks for the fact it is zero
/// everywhere. Deterministic. One forward and one backward pass.
///
/// Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2017 (arXiv:1610.02391).
public struct GradCAM: Explainer {
  public static let about = MethodDescription(
    name: "grad-cam",
    summary: "Maps of a layer, weighted by their mean gradient: coarse, but steady.",
    source: "Selvaraju et al.: Grad-CAM, 2017 (arXiv:1610.02391)",
    parameters: [
      "layer": "a layer with positions, or auto: the last one before the classifier's head"
    ])

  public var layer = LayerChoice.automatic

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let layer = try model.activationLayer(layer, for: Self.about.name)
    let objective = question.objective
    let request = TraceRequest(
      reading: objective.layers.union([layer.name]), seeding: objective.layers,
      gradients: [layer.name])
    let trace = model.trace(question.subject.input, for: request)
    let (values, seeds) = objective.evaluate(trace)
    let activations = trace[layer.name]
    let gradient = trace.gradient(seeding: seeds, at: layer.name)
    return Explanation(
      map: AttributionMap(Self.map(of: activations, weighedBy: gradient), sign: .magnitude),
      diagnostics: Diagnostics(
        values: ["objective": Double(values[0])], notes: ["layer": layer.name.description],
        forwardPasses: 1, backwardPasses: 1))
  }

  /// max(0, Σ_c mean(Gᶜ) · Aᶜ) for `[1, C, h, w]` → `[1, h, w]`.
  static func map(of activations: Tensor, weighedBy gradient: Tensor) -> Tensor {
    let (channels, height, width) = (
      activations.shape[1], activations.shape[2], activations.shape[3]
    )
    let plane = height * width
    return activations.withScalars { a in
      gradient.withScalars { g in
        var sums = [Float](repeating: 0, count: plane)
        for channel in 0..<channels {
          let range = channel * plane..<(channel + 1) * plane
          let weight = Float(g[range].reduce(0) { $0 + Double($1) } / Double(plane))
          for (position, value) in a[range].enumerated() { sums[position] += weight * value }
        }
        return Tensor(sums.map { max($0, 0) }, shape: [1, height, width])
      }
    }
  }
}

public import Tensors

/// A classifier whose saturating activations can be flattened: those that are steep around 0 and level off
/// on both sides, so that nothing comes back through them from far out.
///
/// Where such a classifier has no slope to follow, a flattened one has.
public protocol RelaxableClassifier: DifferentiableClassifier {
  /// Activations of that kind through which the scores depend on the input, each after what it reads.
  var saturatingLayers: [LayerName] { get }

  /// How far to flatten for each picture of `[N, C, H, W]`: for one activation after the other the least
  /// power of two at which the slopes of all of its elements are at least `slope`, those before it being
  /// flattened already. Costs a forward pass. Traps on a batch beyond `batchLimit`.
  func flattenings(for batch: Tensor, slope: Float) -> [Flattening]

  /// The same classifier with φ(u / factor) in the place of each of these activations φ(u).
  func flattened(by flattening: Flattening) -> any DifferentiableClassifier
}

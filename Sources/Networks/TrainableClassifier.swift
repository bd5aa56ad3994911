public import Kernels
public import Tensors

/// A classifier in training: parameters that lie in memory to be read and written, and passes that find
/// their gradients.
///
/// Not Sendable, and for one thread at a time. With the same values, batch and number of threads, results
/// are the same bits every time.
public protocol TrainableClassifier: AnyObject {
  /// Where parameters lie, with their gradients.
  var trained: TrainedParameters { get }
  var engine: Engine { get }

  /// The network with the present values and statistics.
  var network: Network { get throws(NetworkError) }

  /// One pass forward and back in training: sets the gradients to those of Σ ⟨seed, logits⟩ over the
  /// batch, has the running statistics follow, and returns the logits `[N, K]`.
  ///
  /// - Parameters:
  ///   - batch: `[N, C, H, W]`
  ///   - seeds: given the logits, the loss's gradient at them, of the same shape.
  @discardableResult
  func step(_ batch: Tensor, seeds: (_ logits: Tensor) -> Tensor) -> Tensor

  /// The same for a loss that looks at another layer's values as well: sets the gradients to those of
  /// Σ ⟨seed, logits⟩ + Σ ⟨seed, features⟩.
  ///
  /// - Parameters:
  ///   - features: a layer in front of the logits; of a network that keeps no activations, the one that
  ///     holds the features.
  ///   - seeds: given both values, the loss's gradients at them, of the same shapes.
  @discardableResult
  func step(
    _ batch: Tensor, features: LayerName,
    seeds: (_ logits: Tensor, _ features: Tensor) -> (logits: Tensor, features: Tensor)
  ) -> Tensor

  /// The logits `[N, K]` of `[N, C, H, W]` in inference, with the present values and statistics.
  func logits(_ batch: Tensor) -> Tensor

  /// The gradient of Σ ⟨seed, logits⟩ at the pictures, `[N, C, H, W]`, for an attack on them. Neither
  /// gradients nor statistics change.
  ///
  /// - Parameters:
  ///   - batch: `[N, C, H, W]`
  ///   - phase: in training, pictures are normalised with the statistics of the batch.
  ///   - seeds: as in `step(_:seeds:)`.
  func inputGradient(
    _ batch: Tensor, phase: Phase, seeds: (_ logits: Tensor) -> Tensor
  ) -> Tensor

  /// Bytes that a step's activations, their cotangents and what kernels use beside them take at a time.
  func activationByteCount(batch: Int) -> Int
}

extension TrainableClassifier {
  /// What is trained by gradients, in the order of the graph.
  public var parameters: [TrainedParameter] { trained.parameters }
  /// What follows the data of training passes: running means and variances.
  public var statistics: [TrainedParameter] { trained.statistics }
  /// Layers that keep their parameters, constants among their inputs included, and normalise as in
  /// inference.
  public var frozen: Set<LayerName> { trained.frozen }

  /// The trained parameters, `parameterCount` floats, to be read and written in place.
  public func withValues<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(trained.values)
  }

  /// Their gradients, in the same order, as the last `step` left them.
  public func withGradients<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(trained.gradients)
  }

  /// Running means and variances, to be read and written in place.
  public func withStatistics<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(trained.statisticValues)
  }

  /// Floats in the values, and in the gradients.
  public var parameterCount: Int { parameters.last?.range.upperBound ?? 0 }

  /// In inference; otherwise as `inputGradient(_:phase:seeds:)`.
  public func inputGradient(_ batch: Tensor, seeds: (_ logits: Tensor) -> Tensor) -> Tensor {
    inputGradient(batch, phase: .inference, seeds: seeds)
  }
}

/// A parameter in training, and where it lies.
public struct TrainedParameter: Sendable, Hashable {
  public let name: ParameterName
  public let shape: Shape
  /// Weight decay is for those whose role `decays`.
  public let role: ParameterRole
  /// Its place among the values and gradients, or among the statistics.
  public let range: Range<Int>
}

import Kernels
public import Tensors

/// The linear classifier at the end of an invertible network: scores z = W v + b of features v.
///
/// A pooled head takes the mean of each channel first. It is linear all the same: its weights for an
/// element of channel c are those of the channel over H · W, the same at every position, so that they are
/// kept once for the channel.
public struct LinearHead: Sendable {
  /// The layer of the scores.
  public let name: String
  /// `[K, C]` for the channels' means where the head is pooled, else `[K, C · H · W]`.
  public let weights: Tensor
  /// `[K]`
  public let bias: Tensor
  public let isPooled: Bool

  /// Throws unless there is a bias for each row of a matrix.
  public init(
    _ name: String = "logits", weights: Tensor, bias: Tensor, isPooled: Bool
  ) throws(NetworkError) {
    guard weights.shape.rank == 2, bias.shape == [weights.shape[0]] else {
      throw .invertible("weights \(weights.shape) and a bias \(bias.shape) make no linear head")
    }
    self.name = name
    self.weights = weights
    self.bias = bias
    self.isPooled = isPooled
  }

  public var classCount: Int { weights.shape[0] }

  /// Throws unless the features `[C, H, W]` are what the weights are for.
  func check(_ features: Shape) throws(NetworkError) {
    let depth = isPooled ? features[0] : features.count
    guard weights.shape[1] == depth else {
      throw .invertible("a head of \(weights.shape) does not fit features \(features)")
    }
  }

  func add(to draft: inout GraphDraft) throws(LayerError) {
    if isPooled { draft.add("\(name).pooled", GlobalAveragePool()) }
    draft.add("\(name).flat", Reshape(item: [weights.shape[1]]))
    draft.add(name, try Dense(weights: weights, bias: bias, transposed: true))
  }

  var record: InvertibleStructure.Head { .init(name: name, isPooled: isPooled) }

  init(
    _ record: InvertibleStructure.Head, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    let layer = try layers.layer(LayerName(record.name), as: Dense.self)
    guard layer.transposed, let bias = layer.bias else {
      throw .invertible("the head '\(record.name)' has no bias, or its matrix the other way round")
    }
    try self.init(record.name, weights: layer.weights, bias: bias, isPooled: record.isPooled)
  }
}

extension LinearHead {
  /// Where two classes' scores are equal in feature space: the plane ⟨normal, v⟩ + offset = 0. What is
  /// above it is on the side of the first class.
  public struct Boundary: Sendable {
    /// w = Wᵢ − Wⱼ as a map of features, `[1, C, H, W]`.
    public let normal: Tensor
    /// bᵢ − bⱼ
    public let offset: Double

    /// ⟨w, w⟩; 0 where both classes have the same weights, and no boundary lies between them.
    public var squaredLength: Double { normal.dot(normal) }

    /// zᵢ − zⱼ for features `[1, C, H, W]`.
    public func margin(of features: Tensor) -> Double { normal.dot(features) + offset }
  }

  /// The boundary between two classes, for features `[C, H, W]`.
  public func boundary(
    _ fact: ClassIndex, over foil: ClassIndex, features: Shape
  ) -> Boundary {
    let depth = weights.shape[1]
    let positions = isPooled ? features[1] * features[2] : 1
    let difference = (0..<depth).map {
      (Double(weights[fact * depth + $0]) - Double(weights[foil * depth + $0])) / Double(positions)
    }
    let normal = difference.flatMap { [Float](repeating: Float($0), count: positions) }
    return Boundary(
      normal: Tensor(normal, shape: Shape([1] + features.extents)),
      offset: Double(bias[fact]) - Double(bias[foil]))
  }

  /// Scores `[N][K]` of features `[N, C, H, W]`, in double precision.
  public func scores(of features: Tensor) -> [[Double]] {
    let depth = weights.shape[1]
    let positions = isPooled ? features.shape[2] * features.shape[3] : 1
    let (values, matrix) = (features.scalars, weights.scalars)
    return (0..<features.batch).map { item in
      let means = (0..<depth).map { channel in
        let start = (item * depth + channel) * positions
        return values[start..<start + positions].reduce(0.0) { $0 + Double($1) } / Double(positions)
      }
      return (0..<classCount).map { k in
        var sum = Double(bias[k])
        for channel in 0..<depth { sum += Double(matrix[k * depth + channel]) * means[channel] }
        return sum
      }
    }
  }
}

import Kernels
public import Tensors

/// One factor and one shift per channel of `[N, C, …]`, with channels in any order: the
/// preprocessing of pixels, and batch normalisation with fixed statistics.
public struct ScaleChannels: Layer {
  public static let kind = "ScaleChannels"

  /// `[C']`
  public let scale: Tensor
  /// `[C']`
  public let shift: Tensor
  /// The input channel behind each output channel.
  public let order: [Int]
  private let inputChannels: Int

  /// Throws when the counts differ or the order names a channel that does not exist.
  public init(
    scale: Tensor, shift: Tensor, order: [Int]? = nil, inputChannels: Int? = nil
  ) throws(LayerError) {
    let order = order ?? Array(0..<scale.count)
    let inputChannels = inputChannels ?? order.count
    guard scale.shape == [order.count], shift.shape == scale.shape else {
      throw LayerError(
        "\(order.count) channels need as many factors and shifts, found \(scale.shape) and "
          + "\(shift.shape)")
    }
    guard order.allSatisfy((0..<inputChannels).contains) else {
      throw LayerError("the order \(order) names channels beyond 0..<\(inputChannels)")
    }
    self.scale = scale
    self.shift = shift
    self.order = order
    self.inputChannels = inputChannels
  }

  /// Batch normalisation with fixed statistics: γ·(x − mean)/√(variance + ε) + β.
  public init(
    gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: Float
  ) throws(LayerError) {
    guard gamma.shape.rank == 1, [beta, mean, variance].allSatisfy({ $0.shape == gamma.shape })
    else {
      throw LayerError(
        "statistics of different lengths: \([gamma, beta, mean, variance].map(\.shape))")
    }
    // In double precision, so that folding costs no accuracy.
    let deviation = variance.scalars.map { (Double($0) + Double(epsilon)).squareRoot() }
    let factors = zip(gamma.scalars, deviation).map { Double($0) / $1 }
    let shifts = zip(zip(beta.scalars, mean.scalars), factors).map {
      Double($0.0) - Double($0.1) * $1
    }
    try self.init(
      scale: Tensor(factors.map { Float($0) }, shape: gamma.shape),
      shift: Tensor(shifts.map { Float($0) }, shape: gamma.shape))
  }

  public var parameters: [Tensor] { [scale, shift] }
  public func operations(inputs: [Shape], output: Shape) -> Int { 2 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[1] == inputChannels else {
      throw LayerError("expects \(inputChannels) channels, found \(input)")
    }
    return Shape([input[0], order.count] + input.extents.dropFirst(2))
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      ChannelAffine(
        input: site.inputs[0], scale: site.parameters[0], shift: site.parameters[1],
        output: site.output, order: order))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      ChannelAffinePullback(
        outputCotangent: cotangent, scale: site.parameters[0], inputCotangent: target,
        order: order, accumulates: accumulates)
    }
  }
}

extension ScaleChannels: ONNXOperator {
  static let onnxKinds = ["BatchNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    if try node.flag("training_mode") {
      throw LayerError("uses the statistics of the batch; export the model for inference")
    }
    guard try node.flag("spatial", default: true) else {
      throw LayerError("has statistics for each position; only those for each channel can be read")
    }
    let layer = try ScaleChannels(
      gamma: try node.constant(1, "factors").tensor, beta: try node.constant(2, "shifts").tensor,
      mean: try node.constant(3, "means").tensor,
      variance: try node.constant(4, "variances").tensor,
      epsilon: try node.float("epsilon") ?? 1e-5)
    return .layer(layer, of: try node.input())
  }
}

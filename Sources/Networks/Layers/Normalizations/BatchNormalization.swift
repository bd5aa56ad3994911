import Kernels
public import Tensors

/// γ · (x − mean) / √(variance + ε) + β for each channel of `[N, C, …]`.
///
/// In inference, mean and variance are the running statistics. In training they are those of the
/// batch over all items and positions, and the running ones follow: r ← momentum · r +
/// (1 − momentum) · batch. A batch is normalised with its own variance, divisor n; the running
/// variance follows the unbiased estimate, divisor n − 1. PyTorch does so, where ONNX speaks of the
/// former for both.
public struct BatchNormalization: Layer {
  public static let kind = "BatchNormalization"

  /// γ, `[C]`
  public let gamma: Tensor
  /// β, `[C]`
  public let beta: Tensor
  /// Running mean, `[C]`
  public let mean: Tensor
  /// Running variance, `[C]`
  public let variance: Tensor
  public let epsilon: Float
  /// How much of the running statistics stays when a batch in training has passed.
  public let momentum: Float
  /// The running statistics as one factor and one shift for each channel.
  private let folded: (scale: Tensor, shift: Tensor)

  /// Throws when the lengths differ.
  public init(
    gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5,
    momentum: Float = 0.9
  ) throws(LayerError) {
    guard gamma.shape.rank == 1, [beta, mean, variance].allSatisfy({ $0.shape == gamma.shape })
    else {
      throw LayerError(
        "statistics of different lengths: \([gamma, beta, mean, variance].map(\.shape))")
    }
    self.gamma = gamma
    self.beta = beta
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
    self.momentum = momentum
    // In double precision, so that folding costs no accuracy.
    let deviation = variance.scalars.map { (Double($0) + Double(epsilon)).squareRoot() }
    let factors = zip(gamma.scalars, deviation).map { Double($0) / $1 }
    let shifts = zip(zip(beta.scalars, mean.scalars), factors).map {
      Double($0.0) - Double($0.1) * $1
    }
    folded = (
      Tensor(factors.map { Float($0) }, shape: gamma.shape),
      Tensor(shifts.map { Float($0) }, shape: gamma.shape)
    )
  }

  /// γ, β, mean and variance. No gradient trains the latter two.
  public var parameters: [Tensor] { [gamma, beta, mean, variance] }
  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 2 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[1] == gamma.count else {
      throw LayerError("expects \(gamma.count) channels, found \(input)")
    }
    return input
  }

  private var order: [Int] { Array(0..<gamma.count) }

  private func grouping(of input: Shape) -> Grouping {
    Grouping(
      outer: input[0], count: input[1], inner: input.extents.dropFirst(2).reduce(1, *))
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    if plan.phase == .training { return forwardInTraining(site, into: &plan) }
    let (factors, shifts) = affine(site, into: &plan)
    plan.save(factors, for: site)
    plan.emit(
      ChannelAffine(
        input: site.inputs[0], scale: factors, shift: shifts, output: site.output, order: order))
  }

  /// The running statistics as one factor and one shift for each channel.
  private func affine(
    _ site: Site, into plan: inout PlanBuilder
  ) -> (factors: Operand, shifts: Operand) {
    if site.parameters.allSatisfy(\.isConstant) {
      return (plan.makeParameter(folded.scale), plan.makeParameter(folded.shift))
    }
    let (factors, shifts) = (plan.makeSlot(gamma.shape), plan.makeSlot(gamma.shape))
    plan.emit(
      FoldedStatistics(
        gamma: site.parameters[0], beta: site.parameters[1], mean: site.parameters[2],
        variance: site.parameters[3], scale: factors, shift: shifts, epsilon: epsilon))
    return (factors, shifts)
  }

  private func forwardInTraining(_ site: Site, into plan: inout PlanBuilder) {
    let input = site.inputs[0]
    let grouping = grouping(of: input.shape)
    let (mean, variance) = (plan.makeSlot(gamma.shape), plan.makeSlot(gamma.shape))
    plan.emit(Moments(input: input, mean: mean, variance: variance, grouping: grouping))
    plan.emit(normalize(input, mean: mean, variance: variance, at: site))
    plan.save(mean, for: site)
    plan.save(variance, for: site)
    let unbiased = Float(grouping.size) / Float(max(grouping.size - 1, 1))
    for (index, observed, factor) in [(2, mean, 1), (3, variance, unbiased)] {
      plan.emit(
        MovingAverage(
          old: site.parameters[index], observed: observed,
          output: plan.update(parameter: index, of: site), momentum: momentum, factor: factor))
    }
  }

  private func normalize(
    _ input: Operand, mean: Operand, variance: Operand, at site: Site
  ) -> BatchNormalize {
    BatchNormalize(
      input: input, mean: mean, variance: variance, gamma: site.parameters[0],
      beta: site.parameters[1], output: site.output, epsilon: epsilon)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    if plan.phase == .training { return backwardInTraining(site, into: &plan) }
    let cotangent = plan.cotangent(of: site)
    let input = site.inputs[0]
    plan.contribute(to: 0, of: site) { target, accumulates in
      ChannelAffinePullback(
        outputCotangent: cotangent, scale: site.saved[0], inputCotangent: target, order: order,
        accumulates: accumulates)
    }
    guard plan.wantsParameters(of: site) else { return }
    let standard = plan.makeSlot(input.shape)
    plan.emit(
      Standardize(
        input: input, mean: site.parameters[2], variance: site.parameters[3], output: standard,
        grouping: grouping(of: input.shape), epsilon: epsilon))
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      ChannelDot(
        first: cotangent, second: standard, output: target, order: order,
        accumulates: accumulates)
    }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      ChannelSum(input: cotangent, output: target, accumulates: accumulates)
    }
  }

  private func backwardInTraining(_ site: Site, into plan: inout PlanBuilder) {
    let target = plan.claimCotangent(ofInput: 0, of: site)
    plan.emit(
      BatchNormalizePullback(
        of: normalize(
          site.inputs[0], mean: site.saved[0], variance: site.saved[1], at: site),
        outputCotangent: plan.cotangent(of: site), inputCotangent: target?.operand,
        gammaCotangent: plan.claimCotangent(ofParameter: 0, of: site),
        betaCotangent: plan.claimCotangent(ofParameter: 1, of: site),
        accumulates: target?.accumulates ?? false))
  }
}

extension BatchNormalization: ONNXOperator {
  static let onnxKinds = ["BatchNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    // Whether a node is in training was told by `is_test` before operator set 7, by its outputs alone
    // before 14, and since then by `training_mode`.
    let isInTraining =
      if node.opset < 7 { try !node.flag("is_test", default: true) } else {
        try node.flag("training_mode")
      }
    guard !isInTraining else {
      throw LayerError("uses the statistics of the batch; export the model for inference")
    }
    guard try node.flag("spatial", default: true) else {
      throw LayerError("has statistics for each position; only those for each channel can be read")
    }
    let layer = try BatchNormalization(
      gamma: try node.constant(1, "factors").tensor, beta: try node.constant(2, "shifts").tensor,
      mean: try node.constant(3, "means").tensor,
      variance: try node.constant(4, "variances").tensor,
      epsilon: try node.float("epsilon") ?? 1e-5, momentum: try node.float("momentum") ?? 0.9)
    let input = try node.input()
    // Without statistics, what is left are factors and shifts.
    if layer.epsilon == 0, layer.mean.scalars.allSatisfy({ $0 == 0 }),
      layer.variance.scalars.allSatisfy({ $0 == 1 })
    {
      return .layer(try ScaleChannels(scale: layer.gamma, shift: layer.beta), of: input)
    }
    return .layer(layer, of: input)
  }
}

extension BatchNormalization: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let parts = [("scale", gamma), ("shift", beta), ("mean", mean), ("variance", variance)].map {
      role, tensor in file.tensor(tensor, as: "\(site.name).\(role)")
    }
    file.node(
      "BatchNormalization", of: site.inputs + parts, as: site.name,
      ["epsilon": .float(epsilon), "momentum": .float(momentum)])
  }
}

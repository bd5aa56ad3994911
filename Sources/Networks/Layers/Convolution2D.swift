public import Kernels
public import Tensors

/// Convolution of `[N, C, H, W]`, with groups, strides, dilation and padding on any side.
public struct Convolution2D: Layer {
  public static let kind = "Conv"

  /// `[O, C / groups, taps, taps]`
  public let weights: Tensor
  /// `[O]`
  public let bias: Tensor?
  public let window: Window
  public let groups: Int

  /// Throws when weights, bias, window and groups do not fit one another.
  public init(
    weights: Tensor, bias: Tensor? = nil, window: Window, groups: Int = 1
  ) throws(LayerError) {
    guard weights.shape.rank == 4, weights.count > 0 else {
      throw LayerError("expects weights [O, C/groups, kH, kW], found \(weights.shape)")
    }
    guard weights.shape[2] == window.rows.taps, weights.shape[3] == window.columns.taps else {
      throw LayerError(
        "a kernel of \(window.rows.taps)x\(window.columns.taps) does not match weights "
          + "\(weights.shape)")
    }
    guard groups >= 1, weights.shape[0] % groups == 0 else {
      throw LayerError("\(groups) groups do not divide \(weights.shape[0]) output channels")
    }
    if let bias, bias.shape != [weights.shape[0]] {
      throw LayerError("expects a bias [\(weights.shape[0])], found \(bias.shape)")
    }
    self.weights = weights
    self.bias = bias
    self.window = window
    self.groups = groups
  }

  public var parameters: [Tensor] { [weights] + (bias.map { [$0] } ?? []) }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int {
    output.count * (2 * weights.shape.item.count + (bias == nil ? 0 : 1))
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    guard input[1] == weights.shape[1] * groups else {
      throw LayerError(
        "weights \(weights.shape) in \(groups) groups take \(weights.shape[1] * groups) channels, "
          + "found \(input)")
    }
    let output = try window.outputShape(for: input, channels: weights.shape[0], kind: Self.kind)
    try Self.check(depth: weights.shape.item.count, width: output[3])
    return output
  }

  /// Throws where the sums behind one row of outputs are more than memory should be taken for.
  static func check(depth: Int, width: Int) throws(LayerError) {
    let (count, overflow) = depth.multipliedReportingOverflow(by: max(width, 8))
    guard !overflow, count <= 1 << 28 else {
      throw LayerError("sums of \(depth) products for each of \(width) columns are too large")
    }
  }

  private var geometry: ConvolutionGeometry { ConvolutionGeometry(window: window, groups: groups) }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Convolution(
        input: site.inputs[0], weights: site.parameters[0],
        bias: bias == nil ? nil : site.parameters[1], output: site.output, geometry: geometry))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      ConvolutionPullback(
        outputCotangent: cotangent, weights: site.parameters[0], inputCotangent: target,
        geometry: geometry, accumulates: accumulates)
    }
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      ConvolutionWeightGradient(
        input: site.inputs[0], outputCotangent: cotangent, weightsCotangent: target,
        geometry: geometry, accumulates: accumulates)
    }
    guard bias != nil else { return }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      ChannelSum(input: cotangent, output: target, accumulates: accumulates)
    }
  }
}

extension [Shape] {
  /// The only input, of the given rank.
  func only(rank: Int) throws(LayerError) -> Shape {
    guard count == 1 else { throw LayerError("expects one input, found \(count)") }
    guard self[0].rank == rank else {
      throw LayerError("expects an input of \(rank) dimensions, found \(self[0])")
    }
    return self[0]
  }

  /// The only input, of any rank.
  func only() throws(LayerError) -> Shape {
    guard count == 1 else { throw LayerError("expects one input, found \(count)") }
    return self[0]
  }
}

extension Window {
  /// The shape of what slides over `[N, C, H, W]`.
  func outputShape(
    for input: Shape, channels: Int, roundingUp: Bool = false, kind: String
  ) throws(LayerError) -> Shape {
    guard let height = rows.outputs(for: input[2], roundingUp: roundingUp),
      let width = columns.outputs(for: input[3], roundingUp: roundingUp)
    else {
      throw LayerError(
        "a window of \(rows.reach)x\(columns.reach) does not fit into \(input) with its padding")
    }
    guard let shape = Shape(validating: [input[0], channels, height, width]) else {
      throw LayerError("an output of \(channels)x\(height)x\(width) is too large")
    }
    return shape
  }
}

extension Convolution2D: ONNXOperator {
  static let onnxKinds = ["Conv"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let spatial = try ONNXSpatialNode(node)
    let weights = try spatial.weights()
    return try spatial.reading(
      try Convolution2D(
        weights: weights, bias: try node.optionalConstant(2, "biases")?.tensor,
        window: try spatial.window(for: weights), groups: try node.integer("group") ?? 1))
  }
}

extension Convolution2D: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var attributes = window.attributes
    attributes["group"] = .integer(groups)
    let weights = file.tensor(weights, as: "\(site.name).weight")
    let bias = bias.map { file.tensor($0, as: "\(site.name).bias") }
    file.node(
      "Conv", of: site.inputs + [weights] + (bias.map { [$0] } ?? []), as: site.name, attributes)
  }
}

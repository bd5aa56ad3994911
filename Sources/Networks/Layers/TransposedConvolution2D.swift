public import Kernels
public import Tensors

/// The transpose of a convolution: spreads `[N, C, H, W]` over a larger picture, each element over
/// what a window at its place would see.
///
/// It is the way back of a convolution whose cotangent is the input, and a convolution is its way
/// back.
public struct TransposedConvolution2D: Layer {
  public static let kind = "ConvTranspose"

  /// `[C, O / groups, taps, taps]`
  public let weights: Tensor
  /// `[O]`
  public let bias: Tensor?
  /// Slides over the output; its padding is cut from there.
  public let window: Window
  public let groups: Int
  /// Rows and columns at the end of the output, beyond the last window.
  public let extraRows: Int
  public let extraColumns: Int

  /// Throws when weights, bias, window and groups do not fit one another.
  public init(
    weights: Tensor, bias: Tensor? = nil, window: Window, groups: Int = 1, extraRows: Int = 0,
    extraColumns: Int = 0
  ) throws(LayerError) {
    guard weights.shape.rank == 4, weights.count > 0 else {
      throw LayerError("expects weights [C, O/groups, kH, kW], found \(weights.shape)")
    }
    guard weights.shape[2] == window.rows.taps, weights.shape[3] == window.columns.taps else {
      throw LayerError(
        "a kernel of \(window.rows.taps)x\(window.columns.taps) does not match weights "
          + "\(weights.shape)")
    }
    guard groups >= 1, weights.shape[0] % groups == 0 else {
      throw LayerError("\(groups) groups do not divide \(weights.shape[0]) input channels")
    }
    let outputs = weights.shape[1] * groups
    if let bias, bias.shape != [outputs] {
      throw LayerError("expects a bias [\(outputs)], found \(bias.shape)")
    }
    let limit = 1 << 24
    guard (0...limit).contains(extraRows), (0...limit).contains(extraColumns) else {
      throw LayerError("cannot add \(extraRows) rows and \(extraColumns) columns")
    }
    self.weights = weights
    self.bias = bias
    self.window = window
    self.groups = groups
    self.extraRows = extraRows
    self.extraColumns = extraColumns
  }

  public var parameters: [Tensor] { [weights] + (bias.map { [$0] } ?? []) }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int {
    2 * (inputs.first?.count ?? 0) * weights.shape.item.count + (bias == nil ? 0 : output.count)
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    guard input[1] == weights.shape[0] else {
      throw LayerError("weights \(weights.shape) take \(weights.shape[0]) channels, found \(input)")
    }
    let height = window.rows.covered(by: input[2]) + extraRows
    let width = window.columns.covered(by: input[3]) + extraColumns
    guard height >= 1, width >= 1,
      let shape = Shape(validating: [input[0], weights.shape[1] * groups, height, width])
    else { throw LayerError("an output of \(height)x\(width) is not possible") }
    try Convolution2D.check(depth: weights.shape.item.count, width: input[3])
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    // The bias is what the windows add to.
    if bias != nil {
      plan.emit(
        StridedCopy(
          from: .init(site.parameters[1], strides: [0, 1, 0, 0]), to: .init(site.output),
          extents: site.output.shape.extents))
    }
    plan.emit(
      ConvolutionPullback(
        outputCotangent: site.inputs[0], weights: site.parameters[0],
        inputCotangent: site.output, geometry: geometry(of: site), accumulates: bias != nil))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    let geometry = geometry(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      Convolution(
        input: cotangent, weights: site.parameters[0], bias: nil, output: target,
        geometry: geometry, accumulates: accumulates)
    }
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      ConvolutionWeightGradient(
        input: cotangent, outputCotangent: site.inputs[0], weightsCotangent: target,
        geometry: geometry, accumulates: accumulates)
    }
    guard bias != nil else { return }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      ChannelSum(input: cotangent, output: target, accumulates: accumulates)
    }
  }

  /// The convolution from output to input.
  private func geometry(of site: Site) -> ConvolutionGeometry {
    let rows = window.rows.ending(extraRows)
    let columns = window.columns.ending(extraColumns)
    return ConvolutionGeometry(window: Window(rows: rows, columns: columns), groups: groups)
  }
}

extension Window.Axis {
  /// Elements that `count` windows lie over, without the padding.
  fileprivate func covered(by count: Int) -> Int { (count - 1) * stride + reach - before - after }

  /// The axis where the last window ends that much further from the end: padding behind goes first.
  fileprivate func ending(_ extra: Int) -> Window.Axis {
    Window.Axis(
      taps: taps, stride: stride, dilation: dilation, before: before,
      after: max(after - extra, 0)) ?? self
  }
}

extension TransposedConvolution2D: ONNXOperator {
  static let onnxKinds = ["ConvTranspose"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let spatial = try ONNXSpatialNode(node)
    let weights = try spatial.weights()
    let (window, extra) = try spatial.transposedWindow(for: weights)
    return try spatial.reading(
      try TransposedConvolution2D(
        weights: weights, bias: try node.optionalConstant(2, "biases")?.tensor, window: window,
        groups: try node.integer("group") ?? 1, extraRows: extra[0], extraColumns: extra[1]))
  }
}

extension TransposedConvolution2D: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var attributes = window.attributes
    attributes["group"] = .integer(groups)
    attributes["output_padding"] = .integers([extraRows, extraColumns])
    let parts = [("weight", weights)] + (bias.map { [("bias", $0)] } ?? [])
    let names = parts.map { role, tensor in file.tensor(tensor, as: "\(site.name).\(role)") }
    file.node("ConvTranspose", of: site.inputs + names, as: site.name, attributes)
  }
}

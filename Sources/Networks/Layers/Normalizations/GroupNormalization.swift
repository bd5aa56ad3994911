import Kernels
public import Tensors

/// Brings the channels of each group of `[N, C, …]` to mean 0 and variance 1 together, over all
/// positions, then scales and shifts each channel or each group.
public struct GroupNormalization: Layer {
  public static let kind = "GroupNormalization"

  /// `[C]`, or one for each group.
  public let scale: Tensor
  /// As `scale`.
  public let shift: Tensor
  public let groups: Int
  public let epsilon: Float

  /// Throws when scale and shift differ in length.
  public init(
    scale: Tensor, shift: Tensor, groups: Int, epsilon: Float = 1e-5
  ) throws(LayerError) {
    guard scale.shape.rank == 1, shift.shape == scale.shape else {
      throw LayerError(
        "expects as many factors as shifts, found \(scale.shape) and \(shift.shape)")
    }
    self.scale = scale
    self.shift = shift
    self.groups = groups
    self.epsilon = epsilon
  }

  public var parameters: [Tensor] { [scale, shift] }
  public func operations(inputs: [Shape], output: Shape) -> Int { 7 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, groups >= 1, input[1] % groups == 0 else {
      throw LayerError("\(groups) groups do not divide the channels of \(input)")
    }
    guard scale.count == input[1] || scale.count == groups else {
      throw LayerError(
        "expects one factor for each of \(input[1]) channels or \(groups) groups, found "
          + "\(scale.count)")
    }
    return input
  }

  private func standardization(of input: Shape) -> Standardization {
    .init(channelsOf: input, groups: groups, factors: scale.count, epsilon: epsilon)
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).forward(site, into: &plan)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).backward(site, into: &plan)
  }
}

extension Standardization {
  /// Groups of channels of `[N, C, …]`, with as many factors and shifts as divide the channels.
  init(channelsOf input: Shape, groups: Int, factors: Int, epsilon: Float) {
    let rows = input[0] * groups
    self.init(
      grouping: Grouping(count: rows, inner: input.count / max(rows, 1)),
      subject: [input[0], factors, input.item.count / max(factors, 1)],
      parameters: [[factors, 1], [factors, 1]], epsilon: epsilon)
  }
}

extension GroupNormalization: ONNXOperator {
  static let onnxKinds = ["GroupNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    guard let groups = try node.integer("num_groups") else {
      throw LayerError("its num_groups are missing")
    }
    let scale = try node.constant(1, "factors").tensor
    // Operator set 21 turned the factor for each group into one for each channel.
    let expected = node.opset < 21 ? groups : input.shape.rank < 2 ? 0 : input.shape[1]
    guard scale.shape.extents == [expected] else {
      throw LayerError("expects \(expected) factors, found \(scale.shape)")
    }
    let layer = try GroupNormalization(
      scale: scale, shift: try node.constant(2, "shifts").tensor, groups: groups,
      epsilon: try node.float("epsilon") ?? 1e-5)
    return .layer(layer, of: input)
  }
}

extension GroupNormalization: ONNXWritable {
  /// One factor and shift for each channel, since ONNX knows no others any more.
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let channels = site.output[1]
    let parts = [("scale", scale), ("shift", shift)].map { role, tensor in
      let repeated = (0..<channels).map { tensor[$0 * tensor.count / channels] }
      return file.tensor(Tensor(repeated, shape: [channels]), as: "\(site.name).\(role)")
    }
    file.node(
      "GroupNormalization", of: site.inputs + parts, as: site.name,
      ["epsilon": .float(epsilon), "num_groups": .integer(groups)])
  }
}

import Kernels
public import Tensors

/// Brings each channel of each picture of `[N, C, …]` to mean 0 and variance 1 over its positions,
/// then scales and shifts it.
public struct InstanceNormalization: Layer {
  public static let kind = "InstanceNormalization"

  /// `[C]`
  public let scale: Tensor
  /// `[C]`
  public let shift: Tensor
  public let epsilon: Float

  /// Throws when scale and shift differ in length.
  public init(scale: Tensor, shift: Tensor, epsilon: Float = 1e-5) throws(LayerError) {
    guard scale.shape.rank == 1, shift.shape == scale.shape else {
      throw LayerError(
        "expects as many factors as shifts, found \(scale.shape) and \(shift.shape)")
    }
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }

  public var parameters: [Tensor] { [scale, shift] }
  public func operations(inputs: [Shape], output: Shape) -> Int { 7 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[1] == scale.count else {
      throw LayerError("expects \(scale.count) channels, found \(input)")
    }
    return input
  }

  private func standardization(of input: Shape) -> Standardization {
    .init(channelsOf: input, groups: input[1], factors: input[1], epsilon: epsilon)
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).forward(site, into: &plan)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).backward(site, into: &plan)
  }
}

extension InstanceNormalization: ONNXOperator {
  static let onnxKinds = ["InstanceNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let layer = try InstanceNormalization(
      scale: try node.constant(1, "factors").tensor, shift: try node.constant(2, "shifts").tensor,
      epsilon: try node.float("epsilon") ?? 1e-5)
    return .layer(layer, of: try node.input())
  }
}

extension InstanceNormalization: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let parts = [("scale", scale), ("shift", shift)].map { role, tensor in
      file.tensor(tensor, as: "\(site.name).\(role)")
    }
    file.node(
      "InstanceNormalization", of: site.inputs + parts, as: site.name,
      ["epsilon": .float(epsilon)])
  }
}

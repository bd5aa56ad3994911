import Kernels
public import Tensors

/// Brings all elements from one axis on to mean 0 and variance 1 together, then scales and shifts.
public struct LayerNormalization: Layer {
  public static let kind = "LayerNormalization"

  /// Broadcasts to the axes that are normalised.
  public let scale: Tensor
  /// Broadcasts to them as well, in a shape of its own.
  public let shift: Tensor?
  /// The first axis that is normalised, counted from the front.
  public let axis: Int
  public let epsilon: Float

  public init(scale: Tensor, shift: Tensor? = nil, axis: Int, epsilon: Float = 1e-5) {
    self.scale = scale
    self.shift = shift
    self.axis = axis
    self.epsilon = epsilon
  }

  public var parameters: [Tensor] { [scale] + (shift.map { [$0] } ?? []) }
  public func operations(inputs: [Shape], output: Shape) -> Int { 7 * output.count }
  public func isItemwise(for inputs: [Shape]) -> Bool { axis > 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard (0..<input.rank).contains(axis) else {
      throw LayerError("cannot normalise \(input) from axis \(axis) on")
    }
    let together = Shape(Array(input.extents[axis...]))
    for parameter in parameters where together.broadcast(with: parameter.shape) != together {
      throw LayerError(
        "factors or shifts \(parameter.shape) do not fit \(together), which is normalised together")
    }
    return input
  }

  private func standardization(of input: Shape) -> Standardization {
    let inner = input.extents[axis...].reduce(1, *)
    let rows = input.extents[..<axis].reduce(1, *)
    return Standardization(
      grouping: Grouping(count: rows, inner: inner), subject: input,
      parameters: parameters.map(\.shape), epsilon: epsilon)
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).forward(site, into: &plan)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    standardization(of: site.output.shape).backward(site, into: &plan)
  }
}

extension LayerNormalization: ONNXOperator {
  static let onnxKinds = ["LayerNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let axis = try node.axis(try node.integer("axis") ?? -1, rank: input.shape.rank)
    let layer = LayerNormalization(
      scale: try node.constant(1, "factors").tensor,
      shift: try node.optionalConstant(2, "shifts")?.tensor, axis: axis,
      epsilon: try node.float("epsilon") ?? 1e-5)
    return .layer(layer, of: input)
  }
}

extension LayerNormalization: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let scale = file.tensor(scale, as: "\(site.name).scale")
    let shift = shift.map { file.tensor($0, as: "\(site.name).shift") }
    file.node(
      "LayerNormalization", of: site.inputs + [scale] + (shift.map { [$0] } ?? []),
      as: site.name, ["axis": .integer(axis), "epsilon": .float(epsilon)])
  }
}

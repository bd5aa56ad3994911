public import Kernels
public import Tensors

/// Divides the vectors along one axis by their length.
public struct LpNormalization: Layer {
  public static let kind = "LpNormalization"
  /// Counted from the front.
  public let axis: Int
  public let norm: VectorNorm

  public init(axis: Int, norm: VectorNorm = .euclidean) {
    self.axis = axis
    self.norm = norm
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { 3 * output.count }
  public func isItemwise(for inputs: [Shape]) -> Bool { axis > 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard (0..<input.rank).contains(axis) else {
      throw LayerError("cannot normalise \(input) along axis \(axis)")
    }
    return input
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let shape = site.output.shape
    let lengths = plan.makeSlot([shape.count / max(shape[axis], 1)])
    plan.emit(
      UnitNorm(
        input: site.inputs[0], output: site.output, lengths: lengths, axis: axis, norm: norm))
    plan.save(lengths, for: site)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      UnitNormPullback(
        outputCotangent: cotangent, output: site.output, lengths: site.saved[0],
        inputCotangent: target, axis: axis, norm: norm, accumulates: accumulates)
    }
  }
}

extension LpNormalization: ONNXOperator {
  static let onnxKinds = ["LpNormalization"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let axis = try node.axis(try node.integer("axis") ?? -1, rank: input.shape.rank)
    let order = try node.integer("p") ?? 2
    guard let norm = VectorNorm(rawValue: order) else {
      throw LayerError("divides by the norm of order \(order); only 1 and 2 can be read")
    }
    return .layer(LpNormalization(axis: axis, norm: norm), of: input)
  }
}

extension LpNormalization: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(
      "LpNormalization", of: site.inputs, as: site.name,
      ["axis": .integer(axis), "p": .integer(norm.rawValue)])
  }
}

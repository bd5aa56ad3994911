import Kernels
public import Tensors

/// Puts the axes in another order.
public struct Transpose: Layer {
  public static let kind = "Transpose"
  /// The input axis behind each output axis.
  public let order: [Int]

  public init(order: [Int]) { self.order = order }

  public func isItemwise(for inputs: [Shape]) -> Bool { order.first == 0 }
  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard order.sorted() == Array(0..<input.rank) else {
      throw LayerError("\(order) does not order the axes of \(input)")
    }
    return Shape(order.map { input[$0] })
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      StridedCopy(
        from: lattice(in: site.inputs[0]), to: .init(site.output),
        extents: site.output.shape.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      StridedCopy(
        from: .init(cotangent), to: lattice(in: target), extents: cotangent.shape.extents,
        accumulates: accumulates)
    }
  }

  private func lattice(in operand: Operand) -> StridedCopy.Lattice {
    let strides = operand.shape.strides
    return StridedCopy.Lattice(operand, strides: order.map { strides[$0] })
  }
}

extension Transpose: ONNXOperator {
  static let onnxKinds = ["Transpose"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let order = try node.integers("perm") ?? Array((0..<input.shape.rank).reversed())
    return .layer(Transpose(order: order), of: input)
  }
}

extension Transpose: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("Transpose", of: site.inputs, as: site.name, ["perm": .integers(order)])
  }
}

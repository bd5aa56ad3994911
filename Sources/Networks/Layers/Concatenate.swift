import Kernels
public import Tensors

/// Joins its inputs along one axis.
public struct Concatenate: Layer {
  public static let kind = "Concat"
  /// Counted from the front.
  public let axis: Int

  public init(axis: Int) { self.axis = axis }

  public func isItemwise(for inputs: [Shape]) -> Bool { axis != 0 }
  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .step }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    try Self.joinedShape(of: inputs, axis: axis)
  }

  /// The shape of arrays joined along an axis that they have.
  static func joinedShape(of inputs: [Shape], axis: Int) throws(LayerError) -> Shape {
    guard let first = inputs.first else { throw LayerError("expects inputs, found none") }
    guard (0..<first.rank).contains(axis) else {
      throw LayerError("cannot join \(first) along axis \(axis)")
    }
    var extents = first.extents
    extents[axis] = 0
    for input in inputs {
      guard input.rank == first.rank,
        zip(input.extents, first.extents).enumerated().allSatisfy({ $0 == axis || $1.0 == $1.1 })
      else {
        throw LayerError("\(first) and \(input) differ beside axis \(axis)")
      }
      extents[axis] += input[axis]
    }
    guard let shape = Shape(validating: extents) else {
      throw LayerError("the joined shape \(extents) is too large")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    forEachPart(of: site.output, like: site.inputs) { index, part in
      plan.emit(
        StridedCopy(
          from: .init(site.inputs[index]), to: part, extents: site.inputs[index].shape.extents,
          keepsRest: index > 0))
    }
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    forEachPart(of: plan.cotangent(of: site), like: site.inputs) { index, part in
      plan.contribute(to: index, of: site) { target, accumulates in
        StridedCopy(
          from: part, to: .init(target), extents: target.shape.extents, accumulates: accumulates)
      }
    }
  }

  private func forEachPart(
    of joined: Operand, like inputs: [Operand], _ body: (Int, StridedCopy.Lattice) -> Void
  ) {
    let strides = joined.shape.strides
    var start = 0
    for (index, input) in inputs.enumerated() {
      body(index, StridedCopy.Lattice(joined, offset: start * strides[axis], strides: strides))
      start += input.shape[axis]
    }
  }
}

extension Concatenate: ONNXOperator {
  static let onnxKinds = ["Concat"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    var inputs: [ONNXValue] = []
    for index in node.inputs.indices { inputs.append(try node.input(index)) }
    let axis = try node.axis(
      try node.integer("axis") ?? 1, rank: try node.input().shape.rank)
    return .layers([Concatenate(axis: axis)], of: inputs)
  }
}

extension Concatenate: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("Concat", of: site.inputs, as: site.name, ["axis": .integer(axis)])
  }
}

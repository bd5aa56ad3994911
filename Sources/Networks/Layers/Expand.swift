import Kernels
public import Tensors

/// Its input repeated along axes of one element, as NumPy broadcasts it against another shape.
public struct Expand: Layer {
  public static let kind = "Expand"
  /// The other shape; one picture's extent of 1 stands for any batch.
  public let shape: Shape

  public init(to shape: Shape) { self.shape = shape }

  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .step }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard let result = input.broadcast(with: shape) else {
      throw LayerError("\(input) cannot be repeated to \(shape)")
    }
    return result
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      StridedCopy(
        from: lattice(in: site.inputs[0], over: site.output.shape), to: .init(site.output),
        extents: site.output.shape.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contributeScattered(to: 0, of: site) { target in
      StridedCopy(
        from: .init(cotangent), to: lattice(in: target, over: cotangent.shape),
        extents: cotangent.shape.extents, accumulates: true)
    }
  }

  private func lattice(in operand: Operand, over result: Shape) -> StridedCopy.Lattice {
    let padded = operand.shape.padded(toRank: result.rank)
    return StridedCopy.Lattice(
      operand, strides: zip(padded.extents, padded.strides).map { $0 == 1 ? 0 : $1 })
  }
}

extension Expand: ONNXOperator {
  static let onnxKinds = ["Expand"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layer(try read(extentsOf: node), of: try node.input())
  }

  /// The layer that a node asks for, whatever its input is.
  static func read(extentsOf node: ONNXNode) throws(LayerError) -> Expand {
    guard var extents = try node.constant(1, "extents").integers else {
      throw LayerError("its extents are no whole numbers")
    }
    // A batch that the file fixes stands for the one picture here.
    if let batch = node.fixedBatch, case .computed(_, let input) = try node.input(),
      extents.count == input.rank, extents.first == batch
    {
      extents[0] = 1
    }
    guard let shape = Shape(validating: extents, limit: ModelLimits.elementCount) else {
      throw LayerError("\(extents) is no shape, or too large")
    }
    return Expand(to: shape)
  }
}

extension Expand: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let extents = file.integers(shape.extents, as: "\(site.name).shape")
    file.node("Expand", of: site.inputs + [extents], as: site.name)
  }
}

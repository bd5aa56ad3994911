import Kernels
public import Tensors

/// Parts of its input at fixed positions of one axis, which the positions' own axes replace.
public struct Gather: Layer {
  public static let kind = "Gather"
  /// Counted from the front.
  public let axis: Int
  /// Negative ones count from the end. They may repeat.
  public let positions: [Int]
  /// The shape of the positions; none for a single one, whose axis goes.
  public let shape: Shape

  /// Traps unless the shape has one element for each position.
  public init(axis: Int, positions: [Int], shape: Shape? = nil) {
    let shape = shape ?? [positions.count]
    precondition(shape.count == positions.count, "\(positions.count) positions are not \(shape)")
    self.axis = axis
    self.positions = positions
    self.shape = shape
  }

  public func isItemwise(for inputs: [Shape]) -> Bool { axis != 0 }
  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard (0..<input.rank).contains(axis) else {
      throw LayerError("cannot gather from axis \(axis) of \(input)")
    }
    let extent = input[axis]
    if let outside = positions.first(where: { !(-extent..<extent).contains($0) }) {
      throw LayerError("gathers position \(outside) of \(extent)")
    }
    let extents = input.extents[..<axis] + shape.extents + input.extents[(axis + 1)...]
    guard let result = Shape(validating: Array(extents)) else {
      throw LayerError("gathers \(positions.count) parts of \(input), which is too large")
    }
    return result
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Gathering(
        from: site.inputs[0], to: site.output, axis: axis, positions: resolved(site)))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contributeScattered(to: 0, of: site) { target in
      Scattering(
        outputCotangent: cotangent, inputCotangent: target, axis: axis, positions: resolved(site))
    }
  }

  private func resolved(_ site: Site) -> [Int] {
    let extent = site.inputs[0].shape[axis]
    return positions.map { $0 < 0 ? $0 + extent : $0 }
  }
}

extension Gather: ONNXOperator {
  static let onnxKinds = ["Gather"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let indices = try node.constant(1, "indices")
    guard let positions = indices.integers else {
      throw LayerError("its indices '\(indices.name)' are no whole numbers")
    }
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: input.shape.rank)
    return .layer(Gather(axis: axis, positions: positions, shape: indices.shape), of: input)
  }
}

extension Gather: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let indices = file.integers(positions, shape: shape, as: "\(site.name).indices")
    file.node("Gather", of: site.inputs + [indices], as: site.name, ["axis": .integer(axis)])
  }
}

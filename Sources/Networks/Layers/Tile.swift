import Kernels
public import Tensors

/// Copies of its input side by side.
public struct Tile: Layer {
  public static let kind = "Tile"
  /// Copies along each axis.
  public let repeats: [Int]

  public init(repeats: [Int]) { self.repeats = repeats }

  public func isItemwise(for inputs: [Shape]) -> Bool { repeats.first == 1 }
  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .step }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard repeats.count == input.rank else {
      throw LayerError("\(repeats) copies do not fit the axes of \(input)")
    }
    let products = zip(input.extents, repeats).map { $0.multipliedReportingOverflow(by: $1) }
    guard !products.contains(where: \.overflow),
      let shape = Shape(validating: products.map(\.partialValue)), repeats.allSatisfy({ $0 >= 0 })
    else { throw LayerError("\(repeats) copies of \(input) are none, or too large") }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let (extents, strides) = walk(over: site.inputs[0].shape)
    plan.emit(
      StridedCopy(
        from: .init(site.inputs[0], strides: strides),
        to: .init(site.output, strides: Shape(extents).strides), extents: extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    let (extents, strides) = walk(over: site.inputs[0].shape)
    plan.contributeScattered(to: 0, of: site) { target in
      StridedCopy(
        from: .init(cotangent, strides: Shape(extents).strides),
        to: .init(target, strides: strides), extents: extents, accumulates: true)
    }
  }

  /// The output's box with each axis taken apart into copies and elements, and the way through the
  /// input that fills it.
  func walk(over input: Shape) -> (extents: [Int], strides: [Int]) {
    (
      zip(repeats, input.extents).flatMap { [$0, $1] },
      input.strides.flatMap { [0, $0] }
    )
  }
}

extension Tile: ONNXOperator {
  static let onnxKinds = ["Tile"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    return .layer(try read(repeatsOf: node, rank: input.shape.rank), of: input)
  }

  /// The layer that a node asks for, whatever its input is.
  static func read(repeatsOf node: ONNXNode, rank: Int) throws(LayerError) -> Tile {
    guard let numbers = try node.constant(1, "copies").integers else {
      throw LayerError("its copies are no whole numbers")
    }
    // The first operator set repeats one axis, which a third input names.
    guard node.opset < 6, let axis = try node.optionalConstant(2, "axis")?.integers else {
      return Tile(repeats: numbers)
    }
    guard numbers.count == 1, axis.count == 1 else {
      throw LayerError("repeats axes \(axis) by \(numbers); one number each is needed")
    }
    var repeats = [Int](repeating: 1, count: rank)
    repeats[try node.axis(axis[0], rank: rank)] = numbers[0]
    return Tile(repeats: repeats)
  }
}

extension Tile: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let copies = file.integers(repeats, as: "\(site.name).repeats")
    file.node("Tile", of: site.inputs + [copies], as: site.name)
  }
}

import Kernels
public import Tensors

/// Moves blocks of channels of `[N, C·b·b, H, W]` to squares of b×b pixels: `[N, C, H·b, W·b]`.
public struct DepthToSpace: Layer {
  public static let kind = "DepthToSpace"

  /// Where in the channels a pixel's place in its square stands.
  public enum Order: String, Sendable, Hashable {
    /// Places change slowest: `[b, b, C]`.
    case placesFirst = "DCR"
    /// Places change fastest: `[C, b, b]`.
    case channelsFirst = "CRD"
  }

  /// b
  public let block: Int
  public let order: Order

  public init(block: Int, order: Order = .placesFirst) {
    self.block = block
    self.order = order
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    guard (1...1 << 12).contains(block), input[1] % (block * block) == 0 else {
      throw LayerError(
        "cannot make squares of \(block)x\(block) pixels of the channels of \(input)")
    }
    let channels = input[1] / (block * block)
    guard
      let shape = Shape(validating: [input[0], channels, input[2] * block, input[3] * block])
    else { throw LayerError("the squares of \(input) are too many") }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let squares = Squares(block: block, order: order, fine: site.output.shape)
    plan.emit(
      StridedCopy(
        from: squares.channels(of: site.inputs[0]), to: squares.pixels(of: site.output),
        extents: squares.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    let squares = Squares(block: block, order: order, fine: cotangent.shape)
    plan.contribute(to: 0, of: site) { target, accumulates in
      StridedCopy(
        from: squares.pixels(of: cotangent), to: squares.channels(of: target),
        extents: squares.extents, accumulates: accumulates)
    }
  }
}

/// Moves squares of b×b pixels of `[N, C, H·b, W·b]` to blocks of channels, `[N, b·b·C, H, W]`: the
/// inverse of `DepthToSpace` with places first.
public struct SpaceToDepth: Layer {
  public static let kind = "SpaceToDepth"
  /// b
  public let block: Int

  public init(block: Int) { self.block = block }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    guard (1...1 << 12).contains(block), input[2] % block == 0, input[3] % block == 0 else {
      throw LayerError("squares of \(block)x\(block) pixels do not fill \(input)")
    }
    return Shape([input[0], input[1] * block * block, input[2] / block, input[3] / block])
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let squares = Squares(block: block, order: .placesFirst, fine: site.inputs[0].shape)
    plan.emit(
      StridedCopy(
        from: squares.pixels(of: site.inputs[0]), to: squares.channels(of: site.output),
        extents: squares.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      let squares = Squares(block: block, order: .placesFirst, fine: target.shape)
      return StridedCopy(
        from: squares.channels(of: cotangent), to: squares.pixels(of: target),
        extents: squares.extents, accumulates: accumulates)
    }
  }
}

/// The walk over pixels that are channels elsewhere: item, channel, row of squares, row in the
/// square, column of squares, column in the square.
private struct Squares {
  let block: Int
  let order: DepthToSpace.Order
  /// The shape with the many pixels.
  let fine: Shape

  var extents: [Int] { [fine[0], fine[1], fine[2] / block, block, fine[3] / block, block] }

  /// Where they are pixels.
  func pixels(of operand: Operand) -> StridedCopy.Lattice {
    let (width, plane) = (fine[3], fine[2] * fine[3])
    return .init(operand, strides: [fine[1] * plane, plane, block * width, width, block, 1])
  }

  /// Where they are channels.
  func channels(of operand: Operand) -> StridedCopy.Lattice {
    let width = fine[3] / block
    let plane = width * (fine[2] / block)
    let (channel, place) =
      order == .placesFirst ? (plane, fine[1] * plane) : (block * block * plane, plane)
    return .init(
      operand,
      strides: [fine[1] * block * block * plane, channel, width, block * place, 1, place])
  }
}

extension DepthToSpace: ONNXOperator {
  static let onnxKinds = ["DepthToSpace"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let mode = try node.string("mode") ?? Order.placesFirst.rawValue
    guard let order = Order(rawValue: mode) else {
      throw LayerError("moves channels in mode '\(mode)', which is unknown")
    }
    return .layer(DepthToSpace(block: try node.blockSize(), order: order), of: try node.input())
  }
}

extension SpaceToDepth: ONNXOperator {
  static let onnxKinds = ["SpaceToDepth"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let mode = try node.string("mode") ?? DepthToSpace.Order.placesFirst.rawValue
    guard mode == DepthToSpace.Order.placesFirst.rawValue else {
      throw LayerError("moves places in mode '\(mode)'; only DCR can be read")
    }
    return .layer(SpaceToDepth(block: try node.blockSize()), of: try node.input())
  }
}

extension ONNXNode {
  fileprivate func blockSize() throws(LayerError) -> Int {
    guard let size = try integer("blocksize") else { throw LayerError("its blocksize is missing") }
    return size
  }
}

extension DepthToSpace: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(
      "DepthToSpace", of: site.inputs, as: site.name,
      ["blocksize": .integer(block), "mode": .string(order.rawValue)])
  }
}

extension SpaceToDepth: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("SpaceToDepth", of: site.inputs, as: site.name, ["blocksize": .integer(block)])
  }
}

import Kernels
public import Tensors

/// The same values under another shape.
public struct Reshape: Layer {
  public static let kind = "Reshape"

  /// What the extents of a reshape describe.
  public enum Extents: Sendable, Hashable {
    /// One item; the batch stays in front. One extent may be −1: it is what the others leave.
    case item([Int])
    /// Everything, the batch included. Only pictures one at a time can go through.
    case whole(Shape)
  }

  public let extents: Extents

  public init(item: [Int]) { extents = .item(item) }
  public init(whole shape: Shape) { extents = .whole(shape) }

  /// The reshape between two shapes for one picture. The batch stays in front where both begin with
  /// the single picture.
  init(from input: Shape, to output: Shape) {
    let keepsBatch = input.extents.first == 1 && output.extents.first == 1
    extents = keepsBatch ? .item(Array(output.extents.dropFirst())) : .whole(output)
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    switch extents {
    case .whole(let shape):
      guard shape.count == input.count else {
        throw LayerError("\(input) cannot be seen as \(shape)")
      }
      return shape
    case .item(var item):
      guard input.rank >= 1 else { throw LayerError("expects a batch, found a scalar") }
      let known = item.filter { $0 != -1 }
      guard item.count - known.count <= 1, let rest = Shape(validating: known) else {
        throw LayerError("\(item) is not a shape")
      }
      if let free = item.firstIndex(of: -1) {
        guard rest.count > 0, input.item.count % rest.count == 0 else {
          throw LayerError("items of \(input) cannot be seen as \(item)")
        }
        item[free] = input.item.count / rest.count
      }
      guard let shape = Shape(validating: [input[0]] + item), shape.count == input.count else {
        throw LayerError("items of \(input) cannot be seen as \(item)")
      }
      return shape
    }
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) { plan.view(site) }
  public func backward(_ site: Site, into plan: inout PlanBuilder) { plan.contributeView(of: site) }
}

extension Reshape: ONNXOperator {
  static let onnxKinds = ["Flatten", "Reshape", "Squeeze", "Unsqueeze"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let shape = try target(of: node, from: input.shape)
    guard shape.count == input.shape.count else {
      throw LayerError("\(input.shape) cannot be seen as \(shape)")
    }
    if case .constant(let constant) = input {
      return .same(.constant(constant.reshaped(to: shape, name: node.output)))
    }
    // Flattening in front of the batch makes one row of all pictures.
    if node.kind == "Flatten", try [0, -input.shape.rank].contains(node.integer("axis") ?? 1) {
      return .layer(Reshape(whole: shape), of: input)
    }
    return .layer(Reshape(from: input.shape, to: shape), of: input)
  }

  /// The shape that the node gives to one picture.
  private static func target(of node: ONNXNode, from input: Shape) throws(LayerError) -> Shape {
    let extents: [Int]
    switch node.kind {
    case "Flatten": extents = try flattened(node, input)
    case "Squeeze": extents = try squeezed(node, input)
    case "Unsqueeze": extents = try unsqueezed(node, input)
    default: extents = try reshaped(node, input)
    }
    guard let shape = Shape(validating: extents) else { throw LayerError("\(extents) is no shape") }
    return shape
  }

  private static func flattened(_ node: ONNXNode, _ input: Shape) throws(LayerError) -> [Int] {
    let axis = try node.integer("axis") ?? 1
    guard axis >= -input.rank, axis <= input.rank else {
      throw LayerError("axis \(axis) does not exist in \(input.rank) dimensions")
    }
    let front = axis < 0 ? axis + input.rank : axis
    return [input.extents[..<front].reduce(1, *), input.extents[front...].reduce(1, *)]
  }

  private static func squeezed(_ node: ONNXNode, _ input: Shape) throws(LayerError) -> [Int] {
    guard let axes = try node.integers("axes", orInput: 1) else {
      // Whatever is 1, but a batch of one picture is a batch all the same.
      if case .constant = try node.input() { return input.extents.filter { $0 != 1 } }
      return input.extents.enumerated().filter { $0.offset == 0 || $0.element != 1 }.map(\.element)
    }
    var removed: Set<Int> = []
    for axis in axes {
      let axis = try node.axis(axis, rank: input.rank)
      guard input[axis] == 1 else { throw LayerError("cannot remove axis \(axis) of \(input)") }
      removed.insert(axis)
    }
    return input.extents.indices.filter { !removed.contains($0) }.map { input[$0] }
  }

  private static func unsqueezed(_ node: ONNXNode, _ input: Shape) throws(LayerError) -> [Int] {
    guard let axes = try node.integers("axes", orInput: 1) else {
      throw LayerError("its axes are missing")
    }
    let rank = input.rank + axes.count
    var inserted: Set<Int> = []
    for axis in axes { inserted.insert(try node.axis(axis, rank: rank)) }
    guard inserted.count == axes.count else { throw LayerError("names an axis twice: \(axes)") }
    var rest = input.extents[...]
    return (0..<rank).map { inserted.contains($0) ? 1 : rest.popFirst() ?? 1 }
  }

  private static func reshaped(_ node: ONNXNode, _ input: Shape) throws(LayerError) -> [Int] {
    guard let wanted = try node.integers("shape", orInput: 1) else {
      throw LayerError("its shape is missing")
    }
    let takesZeros = try node.flag("allowzero")
    var extents: [Int] = []
    for (axis, extent) in wanted.enumerated() {
      guard extent == 0, !takesZeros else {
        extents.append(extent)
        continue
      }
      guard axis < input.rank else {
        throw LayerError("shape \(wanted) keeps axis \(axis), which \(input) does not have")
      }
      extents.append(input[axis])
    }
    // A batch that the file fixes stands for the one picture here.
    if let batch = node.fixedBatch, extents.first == batch, case .computed = try node.input() {
      extents[0] = 1
    }
    guard let free = extents.firstIndex(of: -1) else { return extents }
    extents[free] = 1
    guard let rest = Shape(validating: extents), rest.count > 0, input.count % rest.count == 0
    else { throw LayerError("\(input) cannot be seen as \(wanted)") }
    extents[free] = input.count / rest.count
    return extents
  }
}

extension Reshape: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    // 0 keeps the batch, whatever it is.
    let shape =
      if case .item = extents { [0] + site.output.extents.dropFirst() } else { site.output.extents }
    let target = file.integers(shape, as: "\(site.name).shape")
    file.node("Reshape", of: site.inputs + [target], as: site.name)
  }
}

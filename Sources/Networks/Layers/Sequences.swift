import Tensors

/// Sequences of tensors, which are made and taken apart while a file is read: none is left in the
/// layers.
enum Sequences: ONNXOperator {
  static let onnxKinds = makers + sequenceKinds
  static let sequenceKinds = [
    "ConcatFromSequence", "SequenceAt", "SequenceErase", "SequenceInsert", "SequenceLength",
  ]
  private static let makers = ["SequenceConstruct", "SequenceEmpty", "SplitToSequence"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    switch node.kind {
    case "SplitToSequence": return try parts(of: node)
    case "SequenceEmpty": return .sequence([])
    case "SequenceConstruct":
      var tensors: [ONNXReading] = []
      for index in node.inputs.indices { tensors.append(.same(try node.input(index))) }
      return .sequence(tensors)
    case "SequenceLength":
      return .same(
        .constant(ONNXConstant([try node.sequence().count], shape: [], name: node.output)))
    case "SequenceAt":
      let tensors = try node.sequence()
      return .same(tensors[try position(node, input: 1, below: tensors.count, of: tensors)])
    case "SequenceErase":
      var tensors = try node.sequence()
      guard !tensors.isEmpty else { throw LayerError("takes a tensor out of an empty sequence") }
      tensors.remove(
        at: try position(node, input: 1, below: tensors.count, of: tensors, default: -1))
      return .sequence(tensors.map { .same($0) })
    case "SequenceInsert":
      var tensors = try node.sequence()
      let tensor = try node.input(1)
      guard !tensor.isSequence else { throw LayerError("puts a sequence into a sequence") }
      let position = try position(
        node, input: 2, below: tensors.count + 1, of: tensors, default: tensors.count)
      tensors.insert(tensor, at: position)
      return .sequence(tensors.map { .same($0) })
    default: return try joined(node)
    }
  }

  /// A place in a sequence, which counts from the end where it is negative.
  private static func position(
    _ node: ONNXNode, input index: Int, below end: Int, of tensors: [ONNXValue],
    default value: Int? = nil
  ) throws(LayerError) -> Int {
    let constant =
      value == nil
      ? try node.constant(index, "position") : try node.optionalConstant(index, "position")
    guard let place = constant.map(\.integers?.first) ?? value, constant?.shape.count ?? 1 == 1,
      (-tensors.count..<end).contains(place)
    else { throw LayerError("asks for no one place of the \(tensors.count) in a sequence") }
    return place < 0 ? place + tensors.count : place
  }

  // MARK: - Parting

  private static func parts(of node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: input.shape.rank)
    let split = try node.optionalConstant(1, "sizes of parts")
    let counts = try counts(split, extent: input.shape[axis])
    // Parts of one keep their axis unless told otherwise; those of given sizes always do.
    let keepsAxis = try node.flag("keepdims", default: true) || split != nil
    var extents = input.shape.extents
    extents.remove(at: axis)
    var parts: [ONNXReading] = []
    var start = 0
    for count in counts {
      let name = "\(node.output)/\(parts.count)"
      let range = Slice.Range(axis: axis, start: start, end: start + count)
      let part = try Split.part(range, of: input, name: name)
      var shape = input.shape.extents
      shape[axis] = count
      parts.append(
        keepsAxis ? part : part.reshaped(from: Shape(shape), to: Shape(extents), name: name))
      start += count
    }
    return .sequence(parts)
  }

  /// How much of the axis each part gets: what a list says, or all the same and the rest.
  private static func counts(
    _ split: ONNXConstant?, extent: Int
  ) throws(LayerError) -> [Int] {
    if let split, split.shape.rank > 0 {
      guard split.shape.rank == 1, let counts = split.integers,
        counts.allSatisfy({ (0...extent).contains($0) }), counts.count <= ModelLimits.nodeCount,
        counts.reduce(0, +) == extent
      else { throw LayerError("parts '\(split.name)' \(split.shape) do not make \(extent)") }
      return counts
    }
    guard let size = split.map(\.integers?.first) ?? 1, size > 0 else {
      throw LayerError("parts of '\(split?.name ?? "")' elements cannot be had")
    }
    let (whole, rest) = extent.quotientAndRemainder(dividingBy: size)
    guard whole < ModelLimits.nodeCount else {
      throw LayerError("\(extent) make too many parts of \(size)")
    }
    return [Int](repeating: size, count: whole) + (rest > 0 ? [rest] : [])
  }

  // MARK: - Joining

  /// All tensors along an axis, of their own or of one that is made for it: a `Concat`.
  private static func joined(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let tensors = try node.sequence()
    guard let first = tensors.first, let axis = try node.integer("axis") else {
      throw LayerError("joins nothing, or along no axis")
    }
    guard try node.flag("new_axis") else { return try node.concatenation(of: tensors) }
    let place = try node.axis(axis, rank: first.shape.rank + 1)
    var shapes: [Shape] = []
    for tensor in tensors {
      guard tensor.shape.rank >= place else {
        throw LayerError("axis \(place) does not exist in \(tensor.shape)")
      }
      var extents = tensor.shape.extents
      extents.insert(1, at: place)
      shapes.append(Shape(extents))
    }
    var constants: [ONNXValue] = []
    for (tensor, shape) in zip(tensors, shapes) {
      guard case .constant(let constant) = tensor else { break }
      constants.append(.constant(constant.reshaped(to: shape)))
    }
    if constants.count == tensors.count { return try node.concatenation(of: constants) }
    let parts = zip(tensors, shapes).map { tensor, shape in
      ONNXReading.layer(Reshape(from: tensor.shape, to: shape), of: tensor)
    }
    return .joined([Concatenate(axis: place)], of: parts)
  }
}

extension ONNXReading {
  /// The same elements under another shape.
  fileprivate func reshaped(from shape: Shape, to other: Shape, name: String) -> ONNXReading {
    if case .same(.constant(let constant)) = self {
      return .same(.constant(constant.reshaped(to: other, name: name)))
    }
    return .joined([Reshape(from: shape, to: other)], of: [self])
  }
}

extension ONNXNode {
  /// What stands for a `Concat` of the node's axis that reads other inputs.
  fileprivate func concatenation(of inputs: [ONNXValue]) throws(LayerError) -> ONNXReading {
    let node = ONNXNode(
      kind: "Concat", opset: opset, inputs: inputs, outputs: outputs, attributes: attributes,
      fixedBatch: fixedBatch, external: external)
    if let constant = try ONNXFolding.fold(node) { return .same(.constant(constant)) }
    return try Concatenate.read(node)
  }
}

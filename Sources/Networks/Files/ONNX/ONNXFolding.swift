import Tensors

/// Computes nodes whose inputs are known when the file is read: arithmetic on shapes mostly, and
/// constants that an exporter left to be transposed or converted.
enum ONNXFolding {
  /// The node's value, or nil where it depends on the picture or is none that is computed here:
  /// layers then compute constants, too, in real numbers.
  static func fold(_ node: ONNXNode) throws(LayerError) -> ONNXConstant? {
    guard let operation = operations[node.kind] else { return nil }
    // The shape and the type of one picture's values are known even where the values are not.
    let needed =
      switch node.kind {
      case "Shape", "Size": node.inputs[..<0]
      case "CastLike": node.inputs.prefix(1)
      default: node.inputs[...]
      }
    for case .computed? in needed { return nil }
    return try operation(node)
  }

  /// Whether an operator can be computed beforehand at all.
  static func knows(_ kind: String) -> Bool { operations[kind] != nil }

  typealias Operation = @Sendable (ONNXNode) throws(LayerError) -> ONNXConstant?

  private static let operations = sources.merging(choices) { first, _ in first }
    .merging(arithmetic) { first, _ in first }
    .merging(scattering) { first, _ in first }

  private static let sources: [String: Operation] = [
    "Cast": cast,
    "CastLike": castLike,
    "Constant": constant,
    "ConstantOfShape": filled,
    "Range": range,
    "Shape": shape,
    "Size": { (node) throws(LayerError) in
      ONNXConstant([try node.input().shape.count], shape: [], name: node.output)
    },
  ]

  // MARK: - Sources

  private static func constant(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    if let value = try node.tensor("value") { return value }
    if let value = try node.float("value_float") {
      return ONNXConstant(Tensor([value], shape: []), name: node.output)
    }
    if let values = try node.floats("value_floats") {
      return ONNXConstant(Tensor(values, shape: [values.count]), name: node.output)
    }
    if let value = try node.integer("value_int") {
      return ONNXConstant([value], shape: [], name: node.output)
    }
    if let values = try node.integers("value_ints") {
      return ONNXConstant(values, name: node.output)
    }
    throw LayerError("holds no number; texts and sparse tensors cannot be read")
  }

  private static func filled(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    guard let extents = try node.constant(0, "extents").integers,
      let shape = Shape(validating: extents, limit: ModelLimits.elementCount)
    else { throw LayerError("asks for a constant of a shape that is none, or too large") }
    let value = try node.tensor("value") ?? ONNXConstant(Tensor([0], shape: [1]), name: node.output)
    guard value.shape.count == 1 else {
      throw LayerError("fills with \(value.shape); one number is needed")
    }
    return value.picking(repeatElement(0, count: shape.count), shape: shape, name: node.output)
  }

  private static func shape(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let extents = try node.input().shape.extents
    func position(_ value: Int) -> Int {
      let counted = value < 0 ? max(value, -extents.count) + extents.count : value
      return min(counted, extents.count)
    }
    let start = position(try node.integer("start") ?? 0)
    let end = position(try node.integer("end") ?? extents.count)
    return ONNXConstant(Array(extents[min(start, end)..<end]), name: node.output)
  }

  private static func range(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    var bounds: [ONNXConstant] = []
    for (index, role) in ["start", "limit", "step"].enumerated() {
      let bound = try node.constant(index, role)
      guard bound.shape.count == 1 else {
        throw LayerError("its \(role) '\(bound.name)' is \(bound.shape), not one number")
      }
      bounds.append(bound)
    }
    let (start, limit, step) = (
      bounds[0].tensor[0], bounds[1].tensor[0], bounds[2].tensor[0]
    )
    let exact = bounds.compactMap(\.integers).map { $0[0] }
    if exact.count == 3 {
      let (reach, tooFar) = exact[1].subtractingReportingOverflow(exact[0])
      let (steps, endless) = reach.dividedReportingOverflow(by: exact[2])
      guard !tooFar, !endless, steps <= ModelLimits.elementCount else {
        throw LayerError("counts from \(start) to \(limit) by \(step), which is too long")
      }
      let isPartial = steps * exact[2] != reach && (reach < 0) == (exact[2] < 0)
      let indices = 0..<max(0, steps + (isPartial ? 1 : 0))
      return ONNXConstant(indices.map { exact[0] + $0 * exact[2] }, name: node.output)
    }
    let steps = ((Double(limit) - Double(start)) / Double(step)).rounded(.up)
    guard steps <= Double(ModelLimits.elementCount) else {
      throw LayerError("counts from \(start) to \(limit) by \(step), which is too long")
    }
    let indices = 0..<(steps > 0 ? Int(steps) : 0)
    let values = indices.map { Float(Double(start) + Double($0) * Double(step)) }
    return ONNXConstant(Tensor(values, shape: [values.count]), name: node.output)
  }

  // MARK: - Types

  private static func cast(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    guard let code = try node.integer("to"),
      let type = ONNXTensorProto.DataType(rawValue: code)
    else { throw LayerError("casts to no type") }
    switch type {
    case .float, .double, .float16, .bfloat16:
      return ONNXConstant(source.tensor, name: node.output)
    case .bool:
      let values = source.integers?.map { $0 != 0 } ?? source.tensor.scalars.map { $0 != 0 }
      return ONNXConstant(values.map { $0 ? 1 : 0 }, shape: source.shape, name: node.output)
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
      return try source.whole(name: node.output)
    default:
      throw LayerError("casts to type \(code), which cannot be read")
    }
  }

  /// Whole numbers and truth values are one type here.
  private static func castLike(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    if case .constant(let model) = try node.input(1), model.integers != nil {
      return try source.whole(name: node.output)
    }
    return ONNXConstant(source.tensor, name: node.output)
  }
}

extension ONNXConstant {
  /// The values as whole numbers, rounded toward zero as C does. None wraps around: narrow types hold
  /// what 64 bits hold.
  fileprivate func whole(name: String) throws(LayerError) -> ONNXConstant {
    if let integers { return ONNXConstant(integers, shape: shape, name: name) }
    // What fits no integer is no shape either.
    let values = tensor.scalars.compactMap { Int(exactly: $0.rounded(.towardZero)) }
    guard values.count == shape.count else {
      throw LayerError("casts numbers to integers that cannot hold them")
    }
    return ONNXConstant(values, shape: shape, name: name)
  }
}

extension ONNXFolding {
  /// The shape of a constant. Throws where it would be too large.
  static func checked(_ extents: some Sequence<Int>) throws(LayerError) -> Shape {
    guard let shape = Shape(validating: Array(extents), limit: ModelLimits.elementCount) else {
      throw LayerError("makes a constant of more than \(ModelLimits.elementCount) elements")
    }
    return shape
  }
}

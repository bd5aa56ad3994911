import Tensors

/// Computes nodes whose inputs are known when the file is read: arithmetic on shapes mostly, and
/// constants that an exporter left to be transposed or converted.
enum ONNXFolding {
  /// The node's value, or nil where it depends on the picture or is no operator for constants.
  static func fold(_ node: ONNXNode) throws(LayerError) -> ONNXConstant? {
    guard let operation = operations[node.kind] else { return nil }
    // The shape of one picture's values is known even where the values are not.
    let needsValues = node.kind != "Shape" && node.kind != "Size"
    for case .computed? in node.inputs where needsValues { return nil }
    return try operation(node)
  }

  /// Whether an operator can be computed beforehand at all.
  static func knows(_ kind: String) -> Bool { operations[kind] != nil }

  private typealias Operation = @Sendable (ONNXNode) throws(LayerError) -> ONNXConstant

  private static let operations: [String: Operation] = [
    "Add": { (node) throws(LayerError) in
      try arithmetic(node, +, { $0.addingReportingOverflow($1) })
    },
    "Cast": cast,
    "Concat": concatenation,
    "Constant": constant,
    "ConstantOfShape": filled,
    "Div": quotient,
    "Gather": gathered,
    "Mul": { (node) throws(LayerError) in
      try arithmetic(node, *, { $0.multipliedReportingOverflow(by: $1) })
    },
    "Shape": shape,
    "Size": { (node) throws(LayerError) in
      ONNXConstant([try node.input().shape.count], shape: [], name: node.output)
    },
    "Slice": slice,
    "Sub": { (node) throws(LayerError) in
      try arithmetic(node, -, { $0.subtractingReportingOverflow($1) })
    },
    "Transpose": transposed,
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

  // MARK: - Choosing elements

  private static func gathered(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let indices = try node.constant(1, "indices")
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: source.shape.rank)
    let extent = source.shape[axis]
    guard let wanted = indices.integers, wanted.allSatisfy({ $0 >= -extent && $0 < extent }) else {
      throw LayerError("gathers from \(source.shape) what lies outside")
    }
    let outer = source.shape.extents[..<axis]
    let inner = source.shape.extents[(axis + 1)...]
    let shape = try checked(outer + indices.shape.extents + inner)
    let step = inner.reduce(1, *)
    let positions = (0..<outer.reduce(1, *)).lazy.flatMap { block in
      wanted.lazy.flatMap { index in
        let start = (block * extent + (index < 0 ? index + extent : index)) * step
        return start..<start + step
      }
    }
    return source.picking(positions, shape: shape, name: node.output)
  }

  private static func concatenation(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    var parts: [ONNXConstant] = []
    for index in node.inputs.indices { parts.append(try node.constant(index, "parts")) }
    guard let first = parts.first else { throw LayerError("joins nothing") }
    let axis = try node.axis(try node.integer("axis") ?? 1, rank: first.shape.rank)
    let joined = try Concatenate.joinedShape(of: parts.map(\.shape), axis: axis)
    let shape = try checked(joined.extents)
    // A part's block along the axis and all behind it lies in one piece.
    let blocks = parts.map { $0.shape.extents[axis...].reduce(1, *) }
    let rows = shape.extents[..<axis].reduce(1, *)
    let lists = parts.compactMap(\.integers)
    if lists.count == parts.count {
      let joined = (0..<rows).flatMap { row in
        zip(lists, blocks).flatMap { list, block in list[row * block..<(row + 1) * block] }
      }
      return ONNXConstant(joined, shape: shape, name: node.output)
    }
    let tensors = parts.map(\.tensor)
    let scalars = (0..<rows).flatMap { row in
      zip(tensors, blocks).flatMap { tensor, block in
        tensor.withScalars { Array($0[row * block..<(row + 1) * block]) }
      }
    }
    return ONNXConstant(Tensor(scalars, shape: shape), name: node.output)
  }

  private static func slice(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    return try source.sliced(
      try Slice.ranges(of: node, rank: source.shape.rank), name: node.output)
  }

  private static func transposed(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let axes = Array(source.shape.extents.indices)
    let order = try node.integers("perm") ?? axes.reversed()
    guard order.sorted() == axes else {
      throw LayerError("\(order) does not order the axes of \(source.shape)")
    }
    let extents = order.map { source.shape[$0] }
    let strides = source.shape.strides
    let positions = LatticePositions(
      start: 0, extents: extents, strides: order.map { strides[$0] })
    return source.picking(positions, shape: Shape(extents), name: node.output)
  }

  // MARK: - Arithmetic

  private static func arithmetic(
    _ node: ONNXNode, _ real: (Float, Float) -> Float,
    _ whole: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws(LayerError) -> ONNXConstant {
    let (a, b) = (try node.constant(0, "operands"), try node.constant(1, "operands"))
    guard let broadcast = a.shape.broadcast(with: b.shape) else {
      throw LayerError("\(a.shape) and \(b.shape) cannot be broadcast together")
    }
    let shape = try checked(broadcast.extents)
    let positions = zip(
      LatticePositions(spreading: a.shape, over: shape),
      LatticePositions(spreading: b.shape, over: shape))
    if let x = a.integers, let y = b.integers {
      var values: [Int] = []
      values.reserveCapacity(shape.count)
      for (i, j) in positions {
        let (value, overflow) = whole(x[i], y[j])
        guard !overflow else { throw LayerError("whole numbers overflow") }
        values.append(value)
      }
      return ONNXConstant(values, shape: shape, name: node.output)
    }
    let (x, y) = (a.tensor, b.tensor)
    return ONNXConstant(
      Tensor(positions.map { real(x[$0], y[$1]) }, shape: shape), name: node.output)
  }

  private static func quotient(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    try arithmetic(node, /) { $0.dividedReportingOverflow(by: $1) }
  }

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
      if let integers = source.integers {
        return ONNXConstant(integers, shape: source.shape, name: node.output)
      }
      // Toward zero, as C does; what fits no integer is no shape either.
      let values = source.tensor.scalars.map { Int(exactly: $0.rounded(.towardZero)) }
      guard !values.contains(nil) else {
        throw LayerError("casts numbers to integers that cannot hold them")
      }
      return ONNXConstant(values.compactMap(\.self), shape: source.shape, name: node.output)
    default:
      throw LayerError("casts to type \(code), which cannot be read")
    }
  }

  private static func checked(_ extents: some Sequence<Int>) throws(LayerError) -> Shape {
    guard let shape = Shape(validating: Array(extents), limit: ModelLimits.elementCount) else {
      throw LayerError("makes a constant of more than \(ModelLimits.elementCount) elements")
    }
    return shape
  }
}

extension ONNXConstant {
  /// The elements in the given ranges, of axes that are there.
  func sliced(_ ranges: [Slice.Range], name: String) throws(LayerError) -> ONNXConstant {
    var extents = shape.extents
    var strides = shape.strides
    var start = 0
    for range in ranges {
      let extent = extents[range.axis]
      guard let (first, count) = range.resolved(for: extent) else {
        throw LayerError("a slice needs a step, found \(range.step)")
      }
      start += first * strides[range.axis]
      strides[range.axis] *= min(max(range.step, -extent), extent)
      extents[range.axis] = count
    }
    return picking(
      LatticePositions(start: start, extents: extents, strides: strides), shape: Shape(extents),
      name: name)
  }
}

/// Positions of a box of elements in an array, along any strides, in row-major order of the box.
private struct LatticePositions: Sequence {
  let start: Int
  let extents: [Int]
  let strides: [Int]

  init(start: Int, extents: [Int], strides: [Int]) {
    self.start = start
    self.extents = extents
    self.strides = strides
  }

  /// The elements of `shape` that broadcasting puts at each place of `result`.
  init(spreading shape: Shape, over result: Shape) {
    let padded = shape.padded(toRank: result.rank)
    self.init(
      start: 0, extents: result.extents,
      strides: zip(padded.extents, padded.strides).map { $0 == 1 ? 0 : $1 })
  }

  func makeIterator() -> Iterator { Iterator(self) }

  struct Iterator: IteratorProtocol {
    private let box: LatticePositions
    private var index: [Int]
    private var position: Int
    private var remaining: Int

    init(_ box: LatticePositions) {
      self.box = box
      index = [Int](repeating: 0, count: box.extents.count)
      position = box.start
      remaining = box.extents.reduce(1, *)
    }

    mutating func next() -> Int? {
      guard remaining > 0 else { return nil }
      defer { advance() }
      return position
    }

    private mutating func advance() {
      remaining -= 1
      for axis in box.extents.indices.reversed() {
        index[axis] += 1
        position += box.strides[axis]
        if index[axis] < box.extents[axis] { return }
        position -= box.strides[axis] * box.extents[axis]
        index[axis] = 0
      }
    }
  }
}

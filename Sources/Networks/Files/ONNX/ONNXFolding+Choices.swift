import Tensors

/// Constants made of elements of others: cut, joined, repeated, put in another order.
extension ONNXFolding {
  static let choices: [String: Operation] = [
    "Concat": concatenation,
    "Expand": expanded,
    "Gather": gathered,
    "GatherElements": gatheredElements,
    "GatherND": gatheredBlocks,
    "NonZero": nonzero,
    "Slice": slice,
    "Tile": tiled,
    "Transpose": transposed,
    "Where": selected,
  ]

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

  private static func expanded(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let shape = try checked(
      try Expand.read(extentsOf: node).outputShape(for: [source.shape]).extents)
    return source.picking(
      LatticePositions(spreading: source.shape, over: shape), shape: shape, name: node.output)
  }

  private static func tiled(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let tile = try Tile.read(repeatsOf: node, rank: source.shape.rank)
    let shape = try checked(try tile.outputShape(for: [source.shape]).extents)
    let walk = tile.walk(over: source.shape)
    return source.picking(
      LatticePositions(start: 0, extents: walk.extents, strides: walk.strides), shape: shape,
      name: node.output)
  }

  private static func gatheredElements(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let indices = try node.constant(1, "indices")
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: source.shape.rank)
    let positions = try indices.elements(along: axis, of: source.shape)
    return source.picking(positions, shape: indices.shape, name: node.output)
  }

  private static func gatheredBlocks(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    let (shape, positions) = try node.constant(1, "indices")
      .blocks(of: source.shape, batch: try node.integer("batch_dims") ?? 0)
    return source.picking(positions, shape: shape, name: node.output)
  }

  /// Positions of all elements but zeros: a row for each axis.
  private static func nonzero(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let source = try node.constant(0, "values")
    guard source.shape.rank >= 1 else { throw LayerError("counts no positions in a scalar") }
    let found =
      source.integers.map { values in values.indices.filter { values[$0] != 0 } }
      ?? source.tensor.scalars.indices.filter { source.tensor[$0] != 0 }
    let shape = try checked([source.shape.rank, found.count])
    let rows = zip(source.shape.strides, source.shape.extents).flatMap { stride, extent in
      found.map { $0 / stride % extent }
    }
    return ONNXConstant(rows, shape: shape, name: node.output)
  }

  private static func selected(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let condition = try node.constant(0, "conditions")
    let (a, b) = (try node.constant(1, "values"), try node.constant(2, "values"))
    let shape = try checked(
      try [condition.shape, a.shape, b.shape].broadcastTogether().extents)
    let holds =
      condition.integers?.map { $0 != 0 } ?? condition.tensor.scalars.map { $0 != 0 }
    let places = zip(
      LatticePositions(spreading: condition.shape, over: shape),
      zip(
        LatticePositions(spreading: a.shape, over: shape),
        LatticePositions(spreading: b.shape, over: shape)))
    if let x = a.integers, let y = b.integers {
      let values = places.map { holds[$0] ? x[$1.0] : y[$1.1] }
      return ONNXConstant(values, shape: shape, name: node.output)
    }
    let (x, y) = (a.tensor, b.tensor)
    return ONNXConstant(
      Tensor(places.map { holds[$0] ? x[$1.0] : y[$1.1] }, shape: shape), name: node.output)
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

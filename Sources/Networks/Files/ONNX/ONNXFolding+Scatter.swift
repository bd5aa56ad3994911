import Tensors

/// Constants with some of their elements replaced, or combined with others.
extension ONNXFolding {
  static let scattering: [String: Operation] = [
    "Scatter": scatteredElements,
    "ScatterElements": scatteredElements,
    "ScatterND": scatteredBlocks,
  ]

  /// A number of the updates for each index along one axis.
  private static func scatteredElements(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let (target, indices) = (try node.constant(0, "values"), try node.constant(1, "indices"))
    let updates = try node.constant(2, "updates")
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: target.shape.rank)
    guard updates.shape == indices.shape else {
      throw LayerError("updates \(updates.shape) are not one for each index \(indices.shape)")
    }
    let positions = try indices.elements(along: axis, of: target.shape)
    return try scattered(updates, to: positions, of: target, for: node)
  }

  /// A block of the updates for each tuple of indices, which names the leading axes.
  private static func scatteredBlocks(_ node: ONNXNode) throws(LayerError) -> ONNXConstant {
    let (target, indices) = (try node.constant(0, "values"), try node.constant(1, "indices"))
    let updates = try node.constant(2, "updates")
    let (shape, positions) = try indices.blocks(of: target.shape)
    guard updates.shape == shape else {
      throw LayerError("updates \(updates.shape) are not \(shape), as the indices have it")
    }
    return try scattered(updates, to: positions, of: target, for: node)
  }

  /// `target` with an update at each position, one after the other.
  private static func scattered(
    _ updates: ONNXConstant, to positions: some Sequence<Int>, of target: ONNXConstant,
    for node: ONNXNode
  ) throws(LayerError) -> ONNXConstant {
    let reduction = try Reduction(node)
    if var values = target.integers, let updates = updates.integers {
      for (position, update) in zip(positions, updates) {
        values[position] = try reduction.combined(values[position], update)
      }
      return ONNXConstant(values, shape: target.shape, name: node.output)
    }
    var values = target.tensor.scalars
    for (position, update) in zip(positions, updates.tensor.scalars) {
      values[position] = reduction.combined(values[position], update)
    }
    return ONNXConstant(Tensor(values, shape: target.shape), name: node.output)
  }

  /// What becomes of an element and its update.
  private enum Reduction: String {
    case replacement = "none"
    case sum = "add"
    case product = "mul"
    case minimum = "min"
    case maximum = "max"

    init(_ node: ONNXNode) throws(LayerError) {
      let name = try node.string("reduction") ?? "none"
      guard let reduction = Reduction(rawValue: name) else {
        throw LayerError("reduction '\(name)' is none of none, add, mul, min and max")
      }
      self = reduction
    }

    func combined(_ old: Float, _ new: Float) -> Float {
      switch self {
      case .replacement: new
      case .sum: old + new
      case .product: old * new
      // A number that is none stays visible.
      case .minimum: old.isNaN || old < new ? old : new
      case .maximum: old.isNaN || old > new ? old : new
      }
    }

    func combined(_ old: Int, _ new: Int) throws(LayerError) -> Int {
      switch self {
      case .replacement: return new
      case .sum: return try exact(old.addingReportingOverflow(new))
      case .product: return try exact(old.multipliedReportingOverflow(by: new))
      case .minimum: return min(old, new)
      case .maximum: return max(old, new)
      }
    }
  }
}

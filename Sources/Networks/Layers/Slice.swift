import Kernels
public import Tensors

/// Every `step`-th element between two positions, along any axes.
public struct Slice: Layer {
  public static let kind = "Slice"

  /// What is taken along one axis. Positions follow NumPy: negative ones count from the end, and
  /// those beyond an end are drawn to it.
  public struct Range: Sendable, Hashable, Codable {
    public let axis: Int
    public let start: Int
    public let end: Int
    public let step: Int

    public init(axis: Int, start: Int, end: Int, step: Int = 1) {
      self.axis = axis
      self.start = start
      self.end = end
      self.step = step
    }

    /// First position and number of elements in an axis of `extent`; nil for a step of 0.
    func resolved(for extent: Int) -> (first: Int, count: Int)? {
      guard step != 0, step.magnitude <= 1 << 40 else { return nil }
      func position(_ value: Int, _ limits: ClosedRange<Int>) -> Int {
        let counted = value < 0 ? max(value, -extent - 1) + extent : value
        return min(max(counted, limits.lowerBound), limits.upperBound)
      }
      if step > 0 {
        let (from, to) = (position(start, 0...extent), position(end, 0...extent))
        return (from, max(0, (to - from + step - 1) / step))
      }
      let (from, to) = (position(start, -1...extent - 1), position(end, -1...extent - 1))
      return (from, max(0, (from - to - step - 1) / -step))
    }
  }

  public let ranges: [Range]

  public init(_ ranges: [Range]) { self.ranges = ranges }

  public func isItemwise(for inputs: [Shape]) -> Bool { !ranges.contains { $0.axis == 0 } }
  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    var extents = input.extents
    for range in ranges {
      guard (0..<input.rank).contains(range.axis) else {
        throw LayerError("cannot slice \(input) along axis \(range.axis)")
      }
      guard let resolved = range.resolved(for: input[range.axis]) else {
        throw LayerError("a slice needs a step, found \(range.step)")
      }
      extents[range.axis] = resolved.count
    }
    return Shape(extents)
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      StridedCopy(
        from: lattice(in: site.inputs[0]), to: .init(site.output),
        extents: site.output.shape.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contributeScattered(to: 0, of: site) { target in
      StridedCopy(
        from: .init(cotangent), to: lattice(in: target), extents: cotangent.shape.extents,
        accumulates: true)
    }
  }

  private func lattice(in operand: Operand) -> StridedCopy.Lattice {
    var strides = operand.shape.strides
    var offset = 0
    for range in ranges {
      let extent = operand.shape[range.axis]
      guard let (first, _) = range.resolved(for: extent) else { continue }
      offset += first * strides[range.axis]
      // A step beyond the end takes one element, however long it is.
      strides[range.axis] *= min(max(range.step, -extent), extent)
    }
    return StridedCopy.Lattice(operand, offset: offset, strides: strides)
  }
}

extension Slice: ONNXOperator {
  static let onnxKinds = ["Slice"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let ranges = try ranges(of: node, rank: input.shape.rank).filter { range in
      // All of a batch of one: every picture stays.
      range.axis != 0 || range.resolved(for: input.shape[0])?.count != input.shape[0]
    }
    return ranges.isEmpty
      ? .same(input) : try Slice(ranges).reading(of: input, name: node.output)
  }

  /// The layer; nothing at all is known beforehand, and what uses it may have to refuse it.
  func reading(of input: ONNXValue, name: String) throws(LayerError) -> ONNXReading {
    let shape = try outputShape(for: [input.shape])
    guard shape.count == 0 else { return .layer(self, of: input) }
    return .same(.constant(ONNXConstant(Tensor([], shape: shape), name: name)))
  }

  /// What a Slice node takes, whether its numbers are attributes or inputs.
  static func ranges(of node: ONNXNode, rank: Int) throws(LayerError) -> [Range] {
    guard let starts = try node.integers("starts", orInput: 1),
      let ends = try node.integers("ends", orInput: 2)
    else { throw LayerError("its starts or ends are missing") }
    let axes = try node.integers("axes", orInput: 3) ?? Array(starts.indices)
    let steps =
      try node.integers("steps", orInput: 4) ?? [Int](repeating: 1, count: starts.count)
    guard [ends, axes, steps].allSatisfy({ $0.count == starts.count }) else {
      throw LayerError("its starts, ends, axes and steps differ in number")
    }
    var ranges: [Range] = []
    for index in starts.indices {
      let axis = try node.axis(axes[index], rank: rank)
      guard !ranges.contains(where: { $0.axis == axis }) else {
        throw LayerError("slices axis \(axis) twice")
      }
      ranges.append(
        Range(axis: axis, start: starts[index], end: ends[index], step: steps[index]))
    }
    return ranges
  }
}

extension Slice: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let parts = [
      ("starts", ranges.map(\.start)), ("ends", ranges.map(\.end)), ("axes", ranges.map(\.axis)),
      ("steps", ranges.map(\.step)),
    ].map { role, values in file.integers(values, as: "\(site.name).\(role)") }
    file.node("Slice", of: site.inputs + parts, as: site.name)
  }
}

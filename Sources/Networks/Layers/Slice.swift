import Kernels
public import Tensors

/// Every `step`-th element between two positions, along any axes but the batch.
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

  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    var extents = input.extents
    for range in ranges {
      guard (1..<max(input.rank, 1)).contains(range.axis) else {
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
      guard let (first, _) = range.resolved(for: operand.shape[range.axis]) else { continue }
      offset += first * strides[range.axis]
      strides[range.axis] *= range.step
    }
    return StridedCopy.Lattice(operand, offset: offset, strides: strides)
  }
}

import Tensors

/// Copies a box of elements between two arrays along any strides: slices, joins, transposes,
/// broadcasts and padding are all this one kernel, and so are their backward steps.
public struct StridedCopy: Kernel {
  /// Which elements of an array a copy walks over.
  public struct Lattice: Sendable, Hashable {
    public let operand: Operand
    /// Position of the first element.
    public let offset: Int
    /// Distance between neighbours along each axis of the box; 0 repeats one element.
    public let strides: [Int]

    public init(_ operand: Operand, offset: Int = 0, strides: [Int]) {
      self.operand = operand
      self.offset = offset
      self.strides = strides
    }

    /// All elements in row-major order.
    public init(_ operand: Operand) {
      self.init(operand, strides: operand.shape.strides)
    }
  }

  public let source: Lattice
  public let target: Lattice
  /// The box that is walked, outermost axis first.
  public let extents: [Int]
  /// Adds to the target instead of replacing it.
  public let accumulates: Bool
  /// Whether the rest of the target keeps what it holds (a join does; a fresh array does not).
  public let keepsRest: Bool

  /// Traps unless both lattices have one stride per axis and stay inside their arrays.
  public init(
    from source: Lattice, to target: Lattice, extents: [Int], accumulates: Bool = false,
    keepsRest: Bool = false
  ) {
    for lattice in [source, target] {
      precondition(lattice.strides.count == extents.count, "one stride for each of \(extents)")
      let reach = zip(lattice.strides, extents).map { $0 * ($1 - 1) }
      let lowest = lattice.offset + reach.filter { $0 < 0 }.reduce(0, +)
      let highest = lattice.offset + reach.filter { $0 > 0 }.reduce(0, +)
      precondition(
        extents.contains(0) || (lowest >= 0 && highest < lattice.operand.count),
        "a walk from \(lowest) to \(highest) leaves an array of \(lattice.operand.count)")
    }
    self.source = source
    self.target = target
    self.extents = extents
    self.accumulates = accumulates
    self.keepsRest = keepsRest
  }

  public var reads: [Operand] {
    [source.operand] + (accumulates || keepsRest ? [target.operand] : [])
  }
  public var writes: [Operand] { [target.operand] }

  public func run(in memory: Memory) {
    guard !extents.contains(0) else { return }
    let from = memory.read(source.operand) + source.offset
    let to = memory.write(target.operand) + target.offset
    walk(axis: 0, from: from, to: to)
  }

  private func walk(
    axis: Int, from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>
  ) {
    guard axis < extents.count else {
      to.pointee = accumulates ? to.pointee + from.pointee : from.pointee
      return
    }
    let (count, step, stride) = (extents[axis], source.strides[axis], target.strides[axis])
    if axis < extents.count - 1 {
      for index in 0..<count {
        walk(axis: axis + 1, from: from + index * step, to: to + index * stride)
      }
    } else if accumulates {
      for index in 0..<count { to[index * stride] += from[index * step] }
    } else if step == 1 && stride == 1 {
      to.update(from: from, count: count)
    } else {
      for index in 0..<count { to[index * stride] = from[index * step] }
    }
  }
}

/// The same value everywhere.
public struct Fill: Kernel {
  public let target: Operand
  public let value: Float

  public init(_ target: Operand, with value: Float = 0) {
    self.target = target
    self.value = value
  }

  public var reads: [Operand] { [] }
  public var writes: [Operand] { [target] }

  public func run(in memory: Memory) {
    memory.write(target).update(repeating: value, count: target.count)
  }
}

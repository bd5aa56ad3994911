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

extension Fill: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    place(target).map { Fill($0, with: value) }
  }
}

extension StridedCopy: FeatureMapKernel {
  /// Nil where a walk steps from one axis of a feature map into another, as one over a flat array does.
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard !extents.contains(0), [source, target].contains(where: { place($0.operand) != nil }),
      let source = source.channelsLast(extents: extents, place),
      let target = target.channelsLast(extents: extents, place)
    else { return nil }
    // What lies closest is walked innermost.
    func distance(_ axis: Int) -> (UInt, UInt) {
      let (from, to) = (source.strides[axis].magnitude, target.strides[axis].magnitude)
      return (to == 0 ? from : to, from)
    }
    let order = extents.indices.sorted { distance($0) > distance($1) }
    func ordered(_ lattice: Lattice) -> Lattice {
      Lattice(
        lattice.operand, offset: lattice.offset, strides: order.map { lattice.strides[$0] })
    }
    return StridedCopy(
      from: ordered(source), to: ordered(target), extents: order.map { extents[$0] },
      accumulates: accumulates, keepsRest: keepsRest)
  }
}

extension StridedCopy.Lattice {
  /// The same elements where channels lie last.
  fileprivate func channelsLast(
    extents: [Int], _ place: (Operand) -> Operand?
  ) -> StridedCopy.Lattice? {
    let twin = place(operand)
    guard let twin = operand.shape.rank == 4 || twin == nil ? twin ?? operand.seenChannelsLast : nil
    else { return nil }
    let shape = operand.shape.padded(toRank: 4)
    // Where the walk begins along each axis of the operand, and the part of the axis that it sees. If
    // it stays within every axis, these tell where each element lies in any order of the axes.
    let start = zip(shape.extents, shape.strides).map { offset / $1 % $0 }
    var (lowest, highest) = (start, start)
    let twinStrides = (0..<4).map {
      twin.shape.strides[FeatureLayout.channelsLast.place(ofAxis: $0)]
    }
    var strides: [Int] = []
    for (step, extent) in zip(self.strides, extents) {
      guard step != 0 && extent > 1 else {
        strides.append(0)
        continue
      }
      let axis = (0..<4).first {
        step % shape.strides[$0] == 0
          && step.magnitude / shape.strides[$0].magnitude < shape[$0].magnitude
      }
      guard let axis else { return nil }
      let steps = step / shape.strides[axis]
      if steps > 0 {
        highest[axis] += steps * (extent - 1)
      } else {
        lowest[axis] += steps * (extent - 1)
      }
      strides.append(steps * twinStrides[axis])
    }
    guard lowest.allSatisfy({ $0 >= 0 }), zip(highest, shape.extents).allSatisfy({ $0 < $1 })
    else { return nil }
    return StridedCopy.Lattice(
      twin, offset: zip(start, twinStrides).reduce(0) { $0 + $1.0 * $1.1 }, strides: strides)
  }
}

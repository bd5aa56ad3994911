import CKernels

extension StridedCopy: AcceleratedKernel {
  /// Dense rows and transpositions; nil for copies that do not come down to these.
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard !extents.contains(0), let box else { return nil }
    let (source, target) = (source, target)
    let accumulates = accumulates
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: box) {
        tm_copy(
          $0, memory.read(source.operand) + source.offset,
          memory.write(target.operand) + target.offset, accumulates)
      }
    }
  }

  private typealias Axis = (extent: Int, from: Int, to: Int)

  private var box: tm_box? {
    var axes: [Axis] = zip(extents, zip(source.strides, target.strides))
      .filter { $0.0 > 1 }
      .map { ($0, $1.0, $1.1) }
    // An element that is met several times would be summed in the order of the axes.
    guard axes.allSatisfy({ $0.to != 0 }) else { return nil }
    axes.sort { $0.to.magnitude > $1.to.magnitude }
    // Neighbours that are walked as one on both sides are one.
    axes = axes.reduce(into: []) { joined, axis in
      if let last = joined.last, last.from == axis.from * axis.extent,
        last.to == axis.to * axis.extent
      {
        joined[joined.count - 1] = (last.extent * axis.extent, axis.from, axis.to)
      } else {
        joined.append(axis)
      }
    }
    if axes.isEmpty { axes.append((1, 1, 1)) }
    if let dense = axes.dropLast().firstIndex(where: { $0.from == 1 }) {
      axes.insert(axes.remove(at: dense), at: axes.count - 1)
    }
    guard axes.count <= Int(TM_BOX_AXES) else { return nil }
    var box = tm_box()
    box.axes = Int32(axes.count)
    withUnsafeMutableBytes(of: &box.extents) { fill($0, with: axes.map(\.extent)) }
    withUnsafeMutableBytes(of: &box.from) { fill($0, with: axes.map(\.from)) }
    withUnsafeMutableBytes(of: &box.to) { fill($0, with: axes.map(\.to)) }
    return tm_copies(&box) ? box : nil
  }

  private func fill(_ array: UnsafeMutableRawBufferPointer, with values: [Int]) {
    for (place, value) in zip(array.bindMemory(to: Int.self).indices, values) {
      array.storeBytes(of: value, toByteOffset: place * MemoryLayout<Int>.stride, as: Int.self)
    }
  }
}

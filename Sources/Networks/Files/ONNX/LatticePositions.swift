import Tensors

/// Positions of a box of elements in an array, along any strides, in row-major order of the box.
struct LatticePositions: Sequence {
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

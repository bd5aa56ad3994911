import Tensors

/// Constants as indices of elements that are read or written; negative ones count from the end.
extension ONNXConstant {
  /// One position in an array of `shape` for each index along an axis; the other axes are its own.
  func elements(along axis: Int, of shape: Shape) throws(LayerError) -> some Sequence<Int> {
    let extent = shape[axis]
    guard let integers, self.shape.rank == shape.rank,
      integers.allSatisfy({ $0 >= -extent && $0 < extent }),
      self.shape.extents.indices.allSatisfy({ $0 == axis || self.shape[$0] <= shape[$0] })
    else { throw Self.outside(shape) }
    let step = shape.strides[axis]
    var strides = shape.strides
    strides[axis] = 0
    let lines = LatticePositions(start: 0, extents: self.shape.extents, strides: strides)
    return zip(lines, integers).lazy.map { line, index in
      line + (index < 0 ? index + extent : index) * step
    }
  }

  /// The blocks of an array of `shape` that tuples of indices name, one after the other: their common
  /// shape, and the positions of their elements.
  ///
  /// - Parameter batch: leading axes that tuples and array share.
  func blocks(
    of shape: Shape, batch: Int = 0
  ) throws(LayerError) -> (shape: Shape, positions: some Sequence<Int>) {
    guard let integers, self.shape.rank >= 1, batch >= 0, batch < self.shape.rank,
      batch <= shape.rank, self.shape.extents[..<batch] == shape.extents[..<batch],
      self.shape[-1] <= shape.rank - batch
    else { throw LayerError("indices \(self.shape) do not fit \(shape)") }
    let depth = self.shape[-1]
    let chosen = shape.extents[batch..<batch + depth]
    let block = shape.extents[(batch + depth)...]
    let result = try ONNXFolding.checked(self.shape.extents.dropLast() + block)
    let step = block.reduce(1, *)
    let tuples = self.shape.extents.dropLast().reduce(1, *)
    // Tuples that belong to one place of the batch.
    let perItem = self.shape.extents[batch..<self.shape.rank - 1].reduce(1, *)
    var starts: [Int] = []
    for tuple in 0..<(result.count == 0 ? 0 : tuples) {
      var start = tuple / perItem
      for (place, extent) in chosen.enumerated() {
        let index = integers[tuple * depth + place]
        guard index >= -extent, index < extent else { throw Self.outside(shape) }
        start = start * extent + (index < 0 ? index + extent : index)
      }
      starts.append(start * step)
    }
    return (result, starts.lazy.flatMap { $0..<$0 + step })
  }

  private static func outside(_ shape: Shape) -> LayerError {
    LayerError("asks of \(shape) for what lies outside")
  }
}

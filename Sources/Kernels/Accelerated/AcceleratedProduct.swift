import CKernels
import Tensors

extension MatrixProduct: AcceleratedKernel {
  /// Rows of one item from which on it pays to pack the weights. Rows of other items do not count, so
  /// that an item is computed in the same way whatever the batch.
  private static let packedRows = 32

  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let (depth, columns) = (input.shape[-1], output.shape[-1])
    guard depth > 0, output.count > 0 else { return nil }
    let rows = output.count / columns
    let (x, w, bias, y) = (input, weights, bias, output)
    let (transposed, accumulates) = (transposed, accumulates)
    let rowsOfItem = input.shape.extents.dropFirst().dropLast().reduce(1, *)
    if rowsOfItem >= Self.packedRows, case .parameter = weights.place {
      let packed = PanelWeights(
        memory.read(weights), rowStep: transposed ? 1 : columns,
        columnStep: transposed ? depth : 1, depth: depth, columns: columns)
      return VectorStep(in: memory) {
        packed.run(
          rows: rows, $0.read(x), stride: depth, into: $0.write(y), outStride: columns,
          bias: bias.map($0.read), accumulates: accumulates)
      }
    }
    return VectorStep(in: memory) {
      var product = tm_dense(
        rows: rows, depth: depth, columns: columns, x: $0.read(x), weights: $0.read(w),
        bias: bias.map($0.read), y: $0.write(y), transposed: transposed, accumulates: accumulates)
      tm_dense_product(&product)
    }
  }
}

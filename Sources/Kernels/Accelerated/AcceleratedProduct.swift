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
    if rowsOfItem >= Self.packedRows, let values = memory.parameter(weights) {
      let packed = memory.packedWeights.shared(
        of: values, where: { $0.isTransposed == transposed && $0.fits(depth, columns) }
      ) {
        PackedMatrix(
          memory.read(weights), isTransposed: transposed, depth: depth, columns: columns)
      }.panels
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

/// The weights of a product in panels, as stored either way round.
private final class PackedMatrix: Packed {
  let panels: PanelWeights
  let isTransposed: Bool

  init(_ weights: UnsafePointer<Float>, isTransposed: Bool, depth: Int, columns: Int) {
    self.isTransposed = isTransposed
    panels = PanelWeights(
      weights, rowStep: isTransposed ? 1 : columns, columnStep: isTransposed ? depth : 1,
      depth: depth, columns: columns)
  }

  func fits(_ depth: Int, _ columns: Int) -> Bool {
    panels.depth == depth && panels.columns == columns
  }

  var byteCount: Int { panels.byteCount }
}

extension BatchedMatrixProduct: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard !sums, target.count > 0, first.columns > 0 else { return nil }
    var offsets: [Int] = []
    forEachPlace { offsets += $0 }
    let (a, b, c, accumulates) = (first, second, target, accumulates)
    func product(_ memory: Memory, _ offsets: UnsafePointer<Int>?) -> tm_batched_product {
      let x = a.view(memory.read(a.operand))
      let y = b.view(memory.read(b.operand))
      return tm_batched_product(
        isa: tm_isa_chosen(), count: c.count / (a.rows * b.columns), rows: a.rows,
        depth: a.columns, columns: b.columns, a: x.start, b: y.start, c: memory.write(c),
        offsets: offsets, a_row: x.rowStride, a_column: x.columnStride, b_row: y.rowStride,
        b_column: y.columnStride, accumulates: accumulates)
    }
    var sample = product(memory, nil)
    memory.reserveScratch(tm_batched_scratch_bytes(&sample))
    return VectorStep(in: memory) { [offsets] memory in
      offsets.withUnsafeBufferPointer { offsets in
        var product = product(memory, offsets.baseAddress)
        tm_batched_multiply(&product, memory.scratch())
      }
    }
  }
}

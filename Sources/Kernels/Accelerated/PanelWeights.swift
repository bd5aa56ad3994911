import CKernels

/// The weights of a matrix product, packed once for an instruction set.
///
/// The product is out[m, n] = Σ_k a[m, k] · w[k, n], where rows are the pixels of maps with channels
/// last. An element's bits depend neither on how many rows there are nor on the threads.
///
/// Sendable although it owns memory: nobody writes there after `init`.
final class PanelWeights: @unchecked Sendable {
  /// Terms of each sum.
  let depth: Int
  let columns: Int
  let byteCount: Int
  private let packed: UnsafeMutablePointer<Float>
  private let instructions: tm_isa

  /// Packs w[k, n] = `weights[k · rowStep + n · columnStep]`.
  init(
    _ weights: UnsafePointer<Float>, rowStep: Int, columnStep: Int, depth: Int, columns: Int,
    for instructions: tm_isa = tm_isa_chosen()
  ) {
    precondition(depth >= 1 && columns >= 1, "a product needs weights, got \(depth)x\(columns)")
    self.depth = depth
    self.columns = columns
    self.instructions = instructions
    byteCount = tm_panels_packed_bytes(instructions, Int32(depth), Int32(columns))
    packed = .aligned(byteCount: byteCount)
    tm_panels_pack(
      instructions, weights, rowStep, columnStep, Int32(depth), Int32(columns), packed)
  }

  deinit { packed.deallocate() }

  /// Where the panels begin; for as long as the weights live.
  var start: UnsafePointer<Float> { UnsafePointer(packed) }

  /// Computes `rows` rows of the product on the threads of the caller.
  ///
  /// - Parameters:
  ///   - a: `[rows, depth]`, rows `stride` floats apart.
  ///   - out: `[rows, columns]`, rows `outStride` floats apart.
  ///   - bias: `[columns]`
  ///   - accumulates: adds to what `out` holds.
  ///   - bounds: what is stored is kept within; NaN stays NaN.
  func run(
    rows: Int, _ a: UnsafePointer<Float>, stride: Int,
    into out: UnsafeMutablePointer<Float>, outStride: Int,
    bias: UnsafePointer<Float>? = nil, accumulates: Bool = false,
    bounds: ClosedRange<Float> = -Float.infinity...Float.infinity
  ) {
    var product = tm_panel_product(
      isa: instructions, rows: Int32(rows), depth: Int32(depth), columns: Int32(columns), a: a,
      a_stride: stride, weights: packed, out: out, out_stride: outStride, bias: bias,
      accumulates: accumulates, low: bounds.lowerBound, high: bounds.upperBound)
    tm_panels_multiply_parallel(&product)
  }
}

extension UnsafeMutablePointer<Float> {
  /// Memory at an address that a whole vector, and a line of a cache, may start at.
  static func aligned(byteCount: Int) -> Self {
    UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Memory.alignment)
      .assumingMemoryBound(to: Float.self)
  }
}

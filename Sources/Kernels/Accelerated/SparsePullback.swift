import CKernels
import Tensors

extension ConvolutionPullback {
  /// The step for a pointwise convolution most of whose outputs carry no cotangent: channels that are
  /// zero everywhere are passed over, and so are their weights. Nil for others.
  func sparseStep(in memory: Memory) -> (any Step)? {
    guard expectsZeros, layout == .channelsLast, geometry.groups == 1, geometry.window.isPointwise,
      inputCotangent.count > 0, outputCotangent.count > 0
    else { return nil }
    let (depth, columns) = (outputCotangent.shape[-1], inputCotangent.shape[-1])
    let rows = inputCotangent.count / columns
    let (dy, w, dx, accumulates) = (outputCotangent, weights, inputCotangent, accumulates)
    return VectorStep(in: memory) {
      // The weights [O, C, 1, 1] lie as the product wants them.
      var product = tm_dense(
        rows: rows, depth: depth, columns: columns, x: $0.read(dy), weights: $0.read(w), bias: nil,
        y: $0.write(dx), transposed: false, accumulates: accumulates)
      tm_dense_product(&product)
    }
  }
}

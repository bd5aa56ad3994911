import Kernels
import Tensors

/// Pooling of whole planes, `[N, C, …]` → `[N, C, 1, …]`: windows as large as the picture. The mean
/// has a layer of its own, `GlobalAveragePool`.
enum GlobalPooling: ONNXOperator {
  static let onnxKinds = ["GlobalMaxPool", "GlobalLpPool"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let shape = input.shape
    guard shape.rank >= 3 else { throw LayerError("expects an input [N, C, …], found \(shape)") }
    let positions = shape.extents.dropFirst(2).reduce(1, *)
    guard let row = Window.Axis(taps: 1), let line = Window.Axis(taps: positions) else {
      throw LayerError("planes of \(positions) elements are too large or too small to pool")
    }
    let window = Window(rows: row, columns: line)
    let layer: any Layer =
      node.kind == "GlobalMaxPool"
      ? MaxPool(window: window) : LpPool(window: window, exponent: try node.normExponent())
    return .layers(
      [
        Reshape(item: [shape[1], 1, positions]), layer,
        Reshape(item: [shape[1]] + shape.extents.dropFirst(2).map { _ in 1 }),
      ], of: [input])
  }
}

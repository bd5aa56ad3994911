import CKernels
import Tensors

extension tm_pullback_shape {
  /// Of maps with channels last. Nil for numbers beyond `Int32`.
  init?(input: Shape, output: Shape, window: Window) {
    let extents = [
      input[0], input[1], input[2], input[3], output[1], output[2], output[3],
    ].compactMap(Int32.init(exactly:))
    guard extents.count == 7 else { return nil }
    self.init(
      batch: extents[0], height: extents[1], width: extents[2], inputs: extents[3],
      output_height: extents[4], output_width: extents[5], outputs: extents[6],
      rows: tm_window_axis(window.rows), columns: tm_window_axis(window.columns))
  }
}

extension tm_window_axis {
  /// Numbers of a window are at most 2²⁴.
  fileprivate init(_ axis: Window.Axis) {
    self.init(
      taps: Int32(axis.taps), stride: Int32(axis.stride), dilation: Int32(axis.dilation),
      before: Int32(axis.before))
  }
}

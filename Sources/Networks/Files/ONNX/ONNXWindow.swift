import Kernels
import Tensors

extension Window {
  /// The window that a convolution or pooling node slides over `[N, C, H, W]`.
  init(_ node: ONNXNode, taps: [Int], over input: Shape) throws(LayerError) {
    guard input.rank == 4 else {
      throw LayerError(
        "slides over \(input); only pictures [N, C, H, W] with two spatial dimensions can be read")
    }
    guard taps.count == 2 else {
      throw LayerError("its kernel_shape \(taps) is not [height, width]")
    }
    let strides = try node.pair("strides")
    let dilations = try node.pair("dilations")
    let pads = try node.integers("pads") ?? [0, 0, 0, 0]
    guard pads.count == 4 else {
      throw LayerError("its pads \(pads) are not [top, left, bottom, right]")
    }
    let padding = try ONNXAutoPad(node)
    func axis(_ index: Int) throws(LayerError) -> Axis {
      guard taps[index] <= ModelLimits.tapCount,
        let bare = Axis(taps: taps[index], stride: strides[index], dilation: dilations[index])
      else {
        throw LayerError(
          "no window has \(taps[index]) taps at stride \(strides[index]), dilated by "
            + "\(dilations[index])")
      }
      let (before, after) =
        padding.amounts(for: bare, extent: input[2 + index]) ?? (pads[index], pads[2 + index])
      guard
        let padded = Axis(
          taps: bare.taps, stride: bare.stride, dilation: bare.dilation, before: before,
          after: after)
      else {
        throw LayerError("padding by \(before) and \(after) is not possible")
      }
      return padded
    }
    self.init(rows: try axis(0), columns: try axis(1))
  }
}

extension ONNXNode {
  /// Two numbers, for rows and columns; ones where the attribute is left out.
  fileprivate func pair(_ name: String) throws(LayerError) -> [Int] {
    let values = try integers(name) ?? [1, 1]
    guard values.count == 2 else { throw LayerError("its \(name) \(values) are not two numbers") }
    return values
  }
}

/// How a window's padding is chosen.
private enum ONNXAutoPad: String {
  case explicit = "NOTSET"
  case none = "VALID"
  case upper = "SAME_UPPER"
  case lower = "SAME_LOWER"

  init(_ node: ONNXNode) throws(LayerError) {
    let name = try node.string("auto_pad") ?? "NOTSET"
    guard let padding = ONNXAutoPad(rawValue: name) else {
      throw LayerError("auto_pad '\(name)' is unknown")
    }
    self = padding
  }

  /// Padding in front and behind; nil where the node spells it out.
  func amounts(for axis: Window.Axis, extent: Int) -> (before: Int, after: Int)? {
    if self == .explicit { return nil }
    if self == .none { return (0, 0) }
    // As many outputs as strides begin in the picture.
    let outputs = (extent + axis.stride - 1) / axis.stride
    let total = max((outputs - 1) * axis.stride + axis.reach - extent, 0)
    return self == .upper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
  }
}

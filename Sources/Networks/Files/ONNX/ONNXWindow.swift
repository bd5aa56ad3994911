import Kernels
import Tensors

/// A node that slides over positions of `[N, C, H, W]`, or of `[N, C, L]`, which is read as pictures
/// of one row.
struct ONNXSpatialNode {
  private let node: ONNXNode
  private let input: ONNXValue
  /// `[N, C, H, W]`, the batch for one picture.
  let shape: Shape
  private let isLine: Bool

  init(_ node: ONNXNode) throws(LayerError) {
    self.node = node
    input = try node.input()
    let shape = input.shape
    guard [3, 4].contains(shape.rank) else {
      throw LayerError(
        "slides over \(shape); only pictures [N, C, H, W] and lines [N, C, L] can be read")
    }
    isLine = shape.rank == 3
    self.shape = isLine ? Shape([shape[0], shape[1], 1, shape[2]]) : shape
  }

  /// A layer over `[N, C, H, W]` in the node's place.
  func reading(_ layer: any Layer) throws(LayerError) -> ONNXReading {
    guard isLine else { return .layer(layer, of: input) }
    let output = try layer.outputShape(for: [shape])
    return .layers(
      [
        Reshape(item: [shape[1], 1, shape[3]]), layer, Reshape(item: [output[1], output[3]]),
      ], of: [input])
  }

  /// Weights `[O, C, taps, taps]`, from such or from `[O, C, taps]`.
  func weights() throws(LayerError) -> Tensor {
    let weights = try node.constant(1, "weights").tensor
    guard isLine, weights.shape.rank == 3 else { return weights }
    return weights.reshaped(to: Shape([weights.shape[0], weights.shape[1], 1, weights.shape[2]]))
  }

  /// Two numbers, for rows and columns, or the usual ones where the attribute is left out; the only
  /// row of a line always has the usual one.
  func pair(_ name: String, default usual: [Int] = [1, 1]) throws(LayerError) -> [Int] {
    guard let values = try node.integers(name) else { return usual }
    guard values.count == (isLine ? 1 : 2) else {
      throw LayerError("its \(name) \(values) are not \(isLine ? "one number" : "two numbers")")
    }
    return isLine ? usual.prefix(1) + values : values
  }

  /// The window of a pooling node.
  func window() throws(LayerError) -> Window {
    guard try node.integers("kernel_shape") != nil else {
      throw LayerError("its kernel_shape is missing")
    }
    return try window(taps: try pair("kernel_shape"))
  }

  /// The window of a convolution with these weights.
  func window(for weights: Tensor) throws(LayerError) -> Window {
    try window(
      taps: try pair("kernel_shape", default: Array(weights.shape.extents.dropFirst(2))))
  }

  private func window(taps: [Int]) throws(LayerError) -> Window {
    let padding = try ONNXAutoPad(node)
    return try window(taps: taps) { (axis, index) throws(LayerError) in
      padding.amounts(for: axis, extent: shape[2 + index])
    }
  }

  /// The window of a transposed convolution with these weights, and how many rows and columns of the
  /// output lie behind the last one.
  func transposedWindow(
    for weights: Tensor
  ) throws(LayerError) -> (Window, outputPadding: [Int]) {
    let padding = try ONNXAutoPad(node)
    var extra = try pair("output_padding", default: [0, 0])
    guard extra.allSatisfy((0...ONNXAutoPad.limit).contains) else {
      throw LayerError("its output_padding \(extra) is not possible")
    }
    // Older files name the batch and the channels too.
    let target = try node.integers("output_shape").map { Array($0.suffix(isLine ? 1 : 2)) }
    let wanted = target.map { isLine ? [1] + $0 : $0 }
    if let wanted, wanted.count != 2 || !wanted.allSatisfy((1...ONNXAutoPad.limit).contains) {
      throw LayerError("its output_shape \(wanted) is not possible")
    }
    let taps = try pair("kernel_shape", default: Array(weights.shape.extents.dropFirst(2)))
    let window = try window(taps: taps) { (axis, index) throws(LayerError) in
      guard let length = wanted?[index] ?? padding.transposedLength(of: shape[2 + index], axis)
      else { return padding == .none ? (0, 0) : nil }
      let full = (shape[2 + index] - 1) * axis.stride + axis.reach
      let total = full + extra[index] - length
      if total < 0 {
        guard wanted != nil else {
          throw LayerError("a window of \(axis.reach) leaves gaps at stride \(axis.stride)")
        }
        // Nothing reaches what is wanted beyond the end.
        extra[index] = length - full
        return (0, 0)
      }
      return padding.split(total)
    }
    return (window, extra)
  }

  /// A window with these taps; `amounts` are the padding along rows and columns, or nil where the
  /// node spells it out.
  private func window(
    taps: [Int],
    amounts: (Window.Axis, Int) throws(LayerError) -> (before: Int, after: Int)?
  ) throws(LayerError) -> Window {
    let strides = try pair("strides")
    let dilations = try pair("dilations")
    let pads = try self.pads()
    guard taps.count == 2 else {
      throw LayerError("its kernel_shape \(taps) is not [height, width]")
    }
    func axis(_ index: Int) throws(LayerError) -> Window.Axis {
      guard taps[index] <= ModelLimits.tapCount,
        let bare = Window.Axis(
          taps: taps[index], stride: strides[index], dilation: dilations[index])
      else {
        throw LayerError(
          "no window has \(taps[index]) taps at stride \(strides[index]), dilated by "
            + "\(dilations[index])")
      }
      let (before, after) = try amounts(bare, index) ?? (pads[index], pads[2 + index])
      guard
        let padded = Window.Axis(
          taps: bare.taps, stride: bare.stride, dilation: bare.dilation, before: before,
          after: after)
      else {
        throw LayerError("padding by \(before) and \(after) is not possible")
      }
      return padded
    }
    return Window(rows: try axis(0), columns: try axis(1))
  }

  /// Top, left, bottom and right.
  private func pads() throws(LayerError) -> [Int] {
    guard let pads = try node.integers("pads") else { return [0, 0, 0, 0] }
    guard pads.count == (isLine ? 2 : 4) else {
      throw LayerError(
        "its pads \(pads) are not \(isLine ? "[left, right]" : "[top, left, bottom, right]")")
    }
    return isLine ? [0, pads[0], 0, pads[1]] : pads
  }
}

/// How a window's padding is chosen.
private enum ONNXAutoPad: String {
  case explicit = "NOTSET"
  case none = "VALID"
  case upper = "SAME_UPPER"
  case lower = "SAME_LOWER"

  /// Of what is added to an extent, or asked for.
  static let limit = 1 << 24

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
    return split(max((outputs - 1) * axis.stride + axis.reach - extent, 0))
  }

  /// The extent that a transposed convolution is cut to, if it is.
  func transposedLength(of extent: Int, _ axis: Window.Axis) -> Int? {
    self == .upper || self == .lower ? extent * axis.stride : nil
  }

  /// An odd one goes behind, or in front.
  func split(_ total: Int) -> (before: Int, after: Int) {
    self == .upper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
  }
}

extension Window {
  /// The window as nodes have it.
  var attributes: [String: ONNXAttribute] {
    [
      "kernel_shape": .integers([rows.taps, columns.taps]),
      "strides": .integers([rows.stride, columns.stride]),
      "dilations": .integers([rows.dilation, columns.dilation]),
      "pads": .integers([rows.before, columns.before, rows.after, columns.after]),
    ]
  }
}

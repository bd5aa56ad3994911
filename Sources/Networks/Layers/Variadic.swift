import Tensors

/// Functions of any number of inputs, combined two at a time.
enum Variadic: ONNXOperator {
  static let onnxKinds = ["Max", "Mean", "Min", "Sum"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    guard (1...ModelLimits.nodeCount).contains(node.inputs.count) else {
      throw LayerError("combines \(node.inputs.count) inputs")
    }
    var inputs: [ONNXReading] = []
    for index in node.inputs.indices { inputs.append(.same(try node.input(index))) }
    let layer: any Layer =
      switch node.kind {
      case "Max": Max()
      case "Min": Min()
      default: Add()
      }
    let result = combined(inputs[...], by: layer)
    guard node.kind == "Mean", inputs.count > 1 else { return result }
    return .joined(Scale.layers(1 / Float(inputs.count)), of: [result])
  }

  /// Halves of halves: rounding and depth grow with the logarithm of the number.
  private static func combined(
    _ inputs: ArraySlice<ONNXReading>, by layer: any Layer
  ) -> ONNXReading {
    if inputs.count == 1 { return inputs[inputs.startIndex] }
    let middle = inputs.startIndex + inputs.count / 2
    return .joined(
      [layer], of: [combined(inputs[..<middle], by: layer), combined(inputs[middle...], by: layer)])
  }
}

import Tensors

/// Neighbouring parts along one axis, each a `Slice`.
enum Split: ONNXOperator {
  static let onnxKinds = ["Split"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let axis = try node.axis(try node.integer("axis") ?? 0, rank: input.shape.rank)
    let counts = try counts(of: node, extent: input.shape[axis])
    var parts: [ONNXReading] = []
    var start = 0
    for (output, count) in zip(node.outputs, counts) {
      let range = Slice.Range(axis: axis, start: start, end: start + count)
      parts.append(try part(range, of: input, name: output))
      start += count
    }
    return .several(parts)
  }

  /// One part of a value.
  static func part(
    _ range: Slice.Range, of input: ONNXValue, name: String
  ) throws(LayerError) -> ONNXReading {
    if range.start == 0 && range.end == input.shape[range.axis] { return .same(input) }
    if case .constant(let constant) = input {
      return .same(.constant(try constant.sliced([range], name: name)))
    }
    return try Slice([range]).reading(of: input, name: name)
  }

  /// How much of the axis each output gets.
  private static func counts(of node: ONNXNode, extent: Int) throws(LayerError) -> [Int] {
    if let counts = try node.integers("split", orInput: 1) {
      guard counts.count == node.outputs.count,
        counts.allSatisfy({ (0...extent).contains($0) }), counts.reduce(0, +) == extent
      else {
        throw LayerError("parts \(counts) do not make \(extent) for \(node.outputs.count) outputs")
      }
      return counts
    }
    let number = try node.integer("num_outputs") ?? node.outputs.count
    guard number == node.outputs.count else {
      throw LayerError("asks for \(number) parts, but has \(node.outputs.count) outputs")
    }
    // All alike; where that is not possible, the last one is smaller.
    let size = (extent + number - 1) / number
    let last = extent - size * (number - 1)
    guard last >= 0, last == size || node.opset >= 18 else {
      throw LayerError("\(extent) cannot be parted into \(number)")
    }
    return [Int](repeating: size, count: number - 1) + [last]
  }
}

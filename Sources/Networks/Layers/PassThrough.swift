/// Nodes that leave no layer behind when a network answers instead of learning.
enum PassThrough: ONNXOperator {
  static let onnxKinds = ["Identity", "Dropout", "Cast"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    // Every real type is computed as Float; whole numbers would be cut off.
    if node.kind == "Cast", case .computed = try node.input() {
      let real = [ONNXTensorProto.DataType.float, .float16, .double, .bfloat16].map(\.rawValue)
      guard let type = try node.integer("to"), real.contains(type) else {
        throw LayerError("casts the picture's values to whole numbers, which have no gradient")
      }
    }
    return .same(try node.input())
  }
}

import Tensors

/// Nodes that leave no layer behind when a network answers instead of learning.
enum PassThrough: ONNXOperator {
  static let onnxKinds = ["Identity", "Dropout", "Cast", "CastLike"]
  static let sequenceKinds = ["Identity"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    guard case .computed = try node.input() else { return .same(try node.input()) }
    switch node.kind {
    case "Cast":
      // Every real type is computed as Float; whole numbers would be cut off.
      let real: [ONNXTensorProto.DataType] = [.float, .float16, .double, .bfloat16]
      let type = try node.integer("to").flatMap { ONNXTensorProto.DataType(rawValue: $0) }
      if type == .bool { return .layer(IsNonzero(NonzeroFunction()), of: try node.input()) }
      guard let type, real.contains(type) else { throw cutOff }
    case "Dropout":
      // Since operator set 12, an input tells whether the network learns.
      let learns = try node.optionalConstant(2, "training mode")?.tensor.scalars.contains {
        $0 != 0
      }
      let share = try node.float("ratio", orInput: 1) ?? 0.5
      guard learns != true || share == 0 else {
        throw LayerError("drops values at random; export the model for inference")
      }
    case "CastLike":
      if case .constant(let model) = try node.input(1), model.integers != nil { throw cutOff }
    default: break
    }
    return .same(try node.input())
  }

  private static var cutOff: LayerError {
    LayerError("casts the picture's values to whole numbers, which have no gradient")
  }
}

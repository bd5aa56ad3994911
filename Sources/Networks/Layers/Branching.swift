import Tensors

/// An `If` whose condition is known when the file is read: one of its branches stands for it, and
/// nothing is left of the other.
enum Branching: ONNXOperator {
  static let kind = "If"
  static let onnxKinds = [kind]
  static let sequenceKinds = [kind]

  /// The condition and the outputs of the branch that it chooses, of a node's inputs where both
  /// branches are written out: the condition, the outputs of the first branch, those of the second.
  static func choice(
    of inputs: [String], if condition: ONNXValue
  ) throws(LayerError) -> [String] {
    guard case .constant(let constant) = condition else {
      throw LayerError(
        "its condition '\(condition.name)' depends on the picture. Control flow comes from scripted "
          + "models or open sizes: export by tracing, with a fixed picture size")
    }
    guard constant.shape.count == 1 else {
      throw LayerError("its condition '\(constant.name)' is \(constant.shape), not one truth value")
    }
    let count = (inputs.count - 1) / 2
    let holds = constant.integers.map { $0[0] != 0 } ?? (constant.tensor[0] != 0)
    return [inputs[0]] + inputs.dropFirst(holds ? 1 : 1 + count).prefix(count)
  }

  /// What the chosen branch gives, behind the condition.
  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    var results: [ONNXReading] = []
    for index in node.inputs.indices.dropFirst() { results.append(.same(try node.input(index))) }
    return .several(results)
  }
}

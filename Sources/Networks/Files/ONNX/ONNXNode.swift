import Tensors

/// What reaches a node: the output of a layer, something known beforehand, or several of these.
enum ONNXValue {
  /// A layer's output, with its shape for one picture.
  case computed(LayerName, Shape)
  case constant(ONNXConstant)
  /// Tensors of any shapes. Only operators that say so are given one.
  case sequence([ONNXValue], name: String)

  /// Of a sequence, the number of its tensors.
  var shape: Shape {
    switch self {
    case .sequence(let parts, _): [parts.count]
    case .computed(_, let shape): shape
    case .constant(let constant): constant.shape
    }
  }

  var name: String {
    switch self {
    case .computed(let name, _): name.description
    case .constant(let constant): constant.name
    case .sequence(_, let name): name
    }
  }

  var isSequence: Bool { if case .sequence = self { true } else { false } }
}

/// A node of an ONNX graph as operators see it: inputs resolved, attributes typed. What is asked and
/// not there, or of the wrong type, throws a sentence.
struct ONNXNode {
  /// The operator, as `Conv`, with its domain where that is not ONNX's own.
  let kind: String
  /// Version of the operator set that the file is written in.
  let opset: Int
  /// Nil where an optional input is left out.
  let inputs: [ONNXValue?]
  /// The names of the outputs, the first one's never empty; layers take them.
  let outputs: [String]
  let attributes: [String: ONNXAttribute]
  /// The number of pictures that the file fixes, if it does.
  let fixedBatch: Int?
  let external: ONNXExternalData

  /// The name of the first output.
  var output: String { outputs[0] }

  // MARK: - Inputs

  /// An input that must be there.
  func input(_ index: Int = 0) throws(LayerError) -> ONNXValue {
    guard let value = optionalInput(index) else { throw LayerError("input \(index) is missing") }
    return value
  }

  func optionalInput(_ index: Int) -> ONNXValue? {
    index < inputs.count ? inputs[index] : nil
  }

  /// An input that must be there and known beforehand. `role` is what a sentence calls it.
  func constant(_ index: Int, _ role: String) throws(LayerError) -> ONNXConstant {
    guard let constant = try optionalConstant(index, role) else {
      throw LayerError("its \(role) (input \(index)) are missing")
    }
    return constant
  }

  func optionalConstant(_ index: Int, _ role: String) throws(LayerError) -> ONNXConstant? {
    switch optionalInput(index) {
    case nil: return nil
    case .constant(let constant): return constant
    case let value?:
      throw LayerError(
        "its \(role) '\(value.name)' depend on the picture; only constants can be used here. If they come "
          + "from shapes, export the model with a fixed picture size")
    }
  }

  /// An input that must be there and be a sequence.
  func sequence(_ index: Int = 0) throws(LayerError) -> [ONNXValue] {
    let value = try input(index)
    guard case .sequence(let parts, _) = value else {
      throw LayerError("'\(value.name)' is one tensor, expected a sequence of tensors")
    }
    return parts
  }

  // MARK: - Attributes

  func integer(_ name: String) throws(LayerError) -> Int? {
    guard let attribute = attributes[name] else { return nil }
    guard case .integer(let value) = attribute else {
      throw mismatch(name, attribute, "an integer")
    }
    return value
  }

  /// Whether an integer attribute is there and not 0.
  func flag(_ name: String, default value: Bool = false) throws(LayerError) -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  func integers(_ name: String) throws(LayerError) -> [Int]? {
    guard let attribute = attributes[name] else { return nil }
    guard case .integers(let values) = attribute else {
      throw mismatch(name, attribute, "a list of integers")
    }
    return values
  }

  func float(_ name: String) throws(LayerError) -> Float? {
    guard let attribute = attributes[name] else { return nil }
    guard case .float(let value) = attribute else { throw mismatch(name, attribute, "a number") }
    return value
  }

  func floats(_ name: String) throws(LayerError) -> [Float]? {
    guard let attribute = attributes[name] else { return nil }
    guard case .floats(let values) = attribute else {
      throw mismatch(name, attribute, "a list of numbers")
    }
    return values
  }

  func string(_ name: String) throws(LayerError) -> String? {
    guard let attribute = attributes[name] else { return nil }
    guard case .string(let value) = attribute else { throw mismatch(name, attribute, "a text") }
    return value
  }

  func tensor(_ name: String) throws(LayerError) -> ONNXConstant? {
    guard let attribute = attributes[name] else { return nil }
    guard case .tensor(let proto) = attribute else { throw mismatch(name, attribute, "a tensor") }
    return try ONNXConstant(proto, name: output, external: external)
  }

  /// Integers that older operator sets keep in an attribute and newer ones in an input.
  func integers(_ name: String, orInput index: Int) throws(LayerError) -> [Int]? {
    if let values = try integers(name) { return values }
    guard let constant = try optionalConstant(index, name) else { return nil }
    guard let values = constant.integers else {
      throw LayerError("its \(name) '\(constant.name)' are no whole numbers")
    }
    return values
  }

  /// A number that older operator sets keep in an attribute and newer ones in an input.
  func float(_ name: String, orInput index: Int) throws(LayerError) -> Float? {
    if let value = try float(name) { return value }
    guard let constant = try optionalConstant(index, name) else { return nil }
    guard constant.shape.count == 1 else {
      throw LayerError("its \(name) '\(constant.name)' is \(constant.shape), not one number")
    }
    return constant.tensor[0]
  }

  /// An axis counted from the front, from one that may count from the end.
  func axis(_ value: Int, rank: Int) throws(LayerError) -> Int {
    guard value >= -rank, value < rank else {
      throw LayerError("axis \(value) does not exist in \(rank) dimensions")
    }
    return value < 0 ? value + rank : value
  }

  private func mismatch(
    _ name: String, _ attribute: ONNXAttribute, _ expected: String
  ) -> LayerError {
    LayerError("attribute '\(name)' is \(attribute.description), expected \(expected)")
  }
}

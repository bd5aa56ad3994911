import Tensors

/// A small ONNX model under construction, and its bytes. Written against the format's description
/// alone, so that reading is checked against something else than our own schema.
struct ONNXTestModel {
  var opset = 13
  var nodes: [Wire] = []
  var initializers: [Wire] = []
  var inputs: [Wire] = []
  var outputs: [Wire] = []
  var metadata: [(String, String)] = []
  /// Functions that the model defines.
  var functions: [Wire] = []

  /// A model with the input `x`, `[N, 2, 4, 4]` unless told otherwise, and the output `y`.
  init(input: [String] = ["N", "2", "4", "4"], output: String = "y", elementType: Int = 1) {
    inputs = [Self.valueInfo("x", input, elementType)]
    outputs = [Self.valueInfo(output, ["N", "3"], 1)]
  }

  /// Nodes without inputs and outputs: what a branch begins as.
  static var empty: ONNXTestModel {
    var model = ONNXTestModel()
    (model.inputs, model.outputs) = ([], [])
    return model
  }

  private var graph: Wire {
    var graph = Wire()
    for node in nodes { graph.message(1, node) }
    for tensor in initializers { graph.message(5, tensor) }
    for input in inputs { graph.message(11, input) }
    for output in outputs { graph.message(12, output) }
    return graph
  }

  /// The graph with outputs of the given names.
  fileprivate func graph(endingIn names: [String]) -> Wire {
    var model = self
    model.outputs = names.map { Self.valueInfo($0, [], 1) }
    return model.graph
  }

  var bytes: [UInt8] {
    var model = Wire()
    model.integer(1, 8)
    model.message(7, graph)
    var version = Wire()
    version.integer(2, opset)
    model.message(8, version)
    for function in functions { model.message(25, function) }
    for (key, value) in metadata {
      var entry = Wire()
      entry.text(1, key)
      entry.text(2, value)
      model.message(14, entry)
    }
    return model.bytes
  }

  // MARK: - Nodes

  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
    case tensor(Wire)
    /// Nodes, initializers and the names of outputs.
    case graph(ONNXTestModel, [String])
    /// That of the function around the node.
    case reference(String)
  }

  mutating func node(
    _ kind: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: Attribute] = [:], domain: String = ""
  ) {
    var node = Wire()
    for input in inputs { node.text(1, input) }
    for output in outputs { node.text(2, output) }
    node.text(3, "node_\(outputs.first ?? "")")
    node.text(4, kind)
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      node.message(5, attribute.wire(named: name))
    }
    if !domain.isEmpty { node.text(7, domain) }
    nodes.append(node)
  }

  /// Adds the nodes of `body` as a function of the domain `own`.
  mutating func function(
    _ name: String, _ inputs: [String], _ outputs: [String],
    attributes: [String] = [], defaults: [String: Attribute] = [:], opset: Int? = nil,
    _ body: (inout ONNXTestModel) -> Void
  ) {
    var inner = ONNXTestModel.empty
    body(&inner)
    var function = Wire()
    function.text(1, name)
    for input in inputs { function.text(4, input) }
    for output in outputs { function.text(5, output) }
    for attribute in attributes { function.text(6, attribute) }
    for node in inner.nodes { function.message(7, node) }
    if let opset {
      var version = Wire()
      version.integer(2, opset)
      function.message(9, version)
    }
    function.text(10, "own")
    for (name, value) in defaults { function.message(11, value.wire(named: name)) }
    functions.append(function)
  }

  // MARK: - Tensors

  mutating func constant(_ name: String, _ values: [Float], _ dims: [Int]) {
    initializers.append(
      Self.tensor(name, dims, type: 1, raw: values.flatMap { $0.bitPattern.littleEndianBytes }))
  }

  /// A list of whole numbers unless told otherwise.
  mutating func constant(_ name: String, _ values: [Int], shape dims: [Int]? = nil) {
    initializers.append(
      Self.tensor(
        name, dims ?? [values.count], type: 7,
        raw: values.flatMap { UInt64(bitPattern: Int64($0)).littleEndianBytes }))
  }

  static func tensor(
    _ name: String, _ dims: [Int], type: Int, raw: [UInt8]? = nil,
    _ more: (inout Wire) -> Void = { _ in }
  ) -> Wire {
    var tensor = Wire()
    for extent in dims { tensor.integer(1, extent) }
    tensor.integer(2, type)
    tensor.text(8, name)
    if let raw { tensor.data(9, raw) }
    more(&tensor)
    return tensor
  }

  /// Extents that are no numbers are names.
  static func valueInfo(_ name: String, _ extents: [String], _ elementType: Int) -> Wire {
    var shape = Wire()
    for extent in extents {
      var dimension = Wire()
      if let number = Int(extent) {
        dimension.integer(1, number)
      } else {
        dimension.text(2, extent)
      }
      shape.message(1, dimension)
    }
    var tensor = Wire()
    tensor.integer(1, elementType)
    tensor.message(2, shape)
    var type = Wire()
    type.message(1, tensor)
    var info = Wire()
    info.text(1, name)
    info.message(2, type)
    return info
  }
}

extension ONNXTestModel.Attribute {
  func wire(named name: String) -> Wire {
    var wire = Wire()
    wire.text(1, name)
    switch self {
    case .float(let value):
      wire.float(2, value)
      wire.integer(20, 1)
    case .integer(let value):
      wire.integer(3, value)
      wire.integer(20, 2)
    case .text(let value):
      wire.text(4, value)
      wire.integer(20, 3)
    case .tensor(let value):
      wire.message(5, value)
      wire.integer(20, 4)
    case .graph(let model, let outputs):
      wire.message(6, model.graph(endingIn: outputs))
      wire.integer(20, 5)
    case .integers(let values):
      for value in values { wire.integer(8, value) }
      wire.integer(20, 7)
    case .reference(let name):
      wire.text(21, name)
    }
    return wire
  }
}

/// Bytes of a protobuf message.
struct Wire {
  var bytes: [UInt8] = []

  mutating func integer(_ field: Int, _ value: Int) {
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field << 3 | 5))
    bytes += value.bitPattern.littleEndianBytes
  }

  mutating func data(_ field: Int, _ value: [UInt8]) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }
  mutating func message(_ field: Int, _ value: Wire) { data(field, value.bytes) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

extension ONNXTestModel {
  /// `x` flattened and multiplied to three scores `y`, with weights 0, 1, 2, …
  static func dense(_ input: [String] = ["N", "2", "4", "4"], from value: String = "x") -> Self {
    var model = ONNXTestModel(input: input)
    model.node("Flatten", [value], ["flat"])
    model.node("Gemm", ["flat", "w"], ["y"], ["transB": .integer(1)])
    model.constant("w", (0..<96).map { Float($0) }, [3, 32])
    return model
  }
}

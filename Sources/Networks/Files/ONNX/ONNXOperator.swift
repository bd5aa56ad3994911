import Tensors

/// What reads some kinds of ONNX nodes: a layer as a rule.
///
/// The conformance stands in the layer's file; one line in `LayerCatalog` makes it known.
protocol ONNXOperator: SendableMetatype {
  /// Operators of ONNX that it reads.
  static var onnxKinds: [String] { get }

  /// Those of them that take sequences of tensors; none unless said.
  static var sequenceKinds: [String] { get }

  /// What stands for the node. Throws a sentence when the layer cannot do what the node asks; nothing
  /// needs to be checked here that the layer's shape rule checks.
  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading
}

extension ONNXOperator {
  static var sequenceKinds: [String] { [] }
}

/// What stands for a node of an ONNX graph.
enum ONNXReading {
  /// Layers in a row. The first reads the inputs, each next one the layer before it; the last gets
  /// the node's name.
  case layers([any Layer], of: [ONNXValue])
  /// As `layers`, reading what is itself several layers, such as both factors of a product.
  indirect case joined([any Layer], of: [ONNXReading])
  /// Nothing: the node passes on what is already there.
  case same(ONNXValue)
  /// Several tensors that go by one name.
  indirect case sequence([ONNXReading])
  /// One after the other for the node's outputs; further outputs are not computed.
  indirect case several([ONNXReading])

  /// One layer with one input.
  static func layer(_ layer: any Layer, of input: ONNXValue) -> ONNXReading {
    .layers([layer], of: [input])
  }
}

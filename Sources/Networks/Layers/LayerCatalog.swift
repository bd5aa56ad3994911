/// Every operator of ONNX that can be read. A new one is a file in this folder and a line here.
enum LayerCatalog {
  static let operators: [any ONNXOperator.Type] = [
    Add.self,
    AveragePool.self,
    Clip.self,
    Concatenate.self,
    Convolution2D.self,
    Dense.self,
    Divide.self,
    GlobalAveragePool.self,
    MaxPool.self,
    Multiply.self,
    Pad.self,
    PassThrough.self,
    ReLU.self,
    Reshape.self,
    ScaleChannels.self,
    Slice.self,
    SoftmaxLayer.self,
    Subtract.self,
    Transpose.self,
  ]

  /// The operator that reads a kind of node, or nil.
  static func reader(of kind: String) -> (any ONNXOperator.Type)? { readers[kind] }

  private static let readers = Dictionary(
    operators.flatMap { reader in reader.onnxKinds.map { ($0, reader) } },
    uniquingKeysWith: { first, _ in first })
}

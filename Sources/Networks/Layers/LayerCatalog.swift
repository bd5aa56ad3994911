/// Every operator of ONNX that can be read. A new one is a file in this folder and a line here.
enum LayerCatalog {
  static let operators: [any ONNXOperator.Type] = [
    Abs.self,
    Add.self,
    AveragePool.self,
    BatchNormalization.self,
    Clip.self,
    Concatenate.self,
    Convolution2D.self,
    Dense.self,
    Divide.self,
    ELU.self,
    Erf.self,
    Exp.self,
    GELU.self,
    GlobalAveragePool.self,
    GroupNormalization.self,
    HardSigmoid.self,
    HardSwish.self,
    InstanceNormalization.self,
    LayerNormalization.self,
    LeakyReLU.self,
    LocalResponseNormalization.self,
    Log.self,
    LpNormalization.self,
    Max.self,
    MaxPool.self,
    Min.self,
    Mish.self,
    Multiply.self,
    Negate.self,
    Pad.self,
    PassThrough.self,
    Pow.self,
    PReLU.self,
    Reciprocal.self,
    ReLU.self,
    Reshape.self,
    Resize.self,
    SELU.self,
    Sigmoid.self,
    Slice.self,
    SoftmaxLayer.self,
    Softplus.self,
    Softsign.self,
    Sqrt.self,
    Subtract.self,
    Tanh.self,
    Transpose.self,
  ]

  /// The operator that reads a kind of node, or nil.
  static func reader(of kind: String) -> (any ONNXOperator.Type)? { readers[kind] }

  private static let readers = Dictionary(
    operators.flatMap { reader in reader.onnxKinds.map { ($0, reader) } },
    uniquingKeysWith: { first, _ in first })
}

import Tensors

/// α·A·B + β·C for matrices, either of them transposed: a `Dense` layer where B holds trained weights,
/// else a `MatMul` and an `Add`.
enum Gemm: ONNXOperator {
  static let onnxKinds = ["Gemm"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let (first, second) = (try node.input(0), try node.input(1))
    guard first.shape.rank == 2 else {
      throw LayerError("expects [N, D], found \(first.shape)")
    }
    guard second.shape.rank == 2 else {
      throw LayerError("expects a matrix of weights, found \(second.shape)")
    }
    let (flipsFirst, flipsSecond) = (try node.flag("transA"), try node.flag("transB"))
    let (alpha, beta) = (try node.float("alpha") ?? 1, try node.float("beta") ?? 1)
    let (rows, columns) = (first.shape[flipsFirst ? 1 : 0], second.shape[flipsSecond ? 0 : 1])
    let shift = node.optionalInput(2)
    if let shift, shift.shape.broadcast(with: [rows, columns]) != [rows, columns] {
      throw LayerError("biases \(shift.shape) do not fit [\(rows), \(columns)]")
    }
    if case .constant(let weights) = second {
      let input: ONNXReading =
        flipsFirst ? .layer(Transpose(order: [1, 0]), of: first) : .same(first)
      let bias = shift.flatMap { $0.perOutput(columns) }
      let dense = try Dense(
        weights: alpha == 1 ? weights.tensor : alpha * weights.tensor,
        bias: beta == 1 ? bias : bias.map { beta * $0 }, transposed: flipsSecond)
      let product = ONNXReading.joined([dense], of: [input])
      return bias == nil ? product.adding(shift, times: beta) : product
    }
    let multiplication = MatMul(transposesFirst: flipsFirst, transposesSecond: flipsSecond)
    return ONNXReading.layers([multiplication] + Scale.layers(alpha), of: [first, second])
      .adding(shift, times: beta)
  }
}

extension ONNXValue {
  /// One constant for each of `count` outputs, alike for every row; nil where it is not of that kind.
  fileprivate func perOutput(_ count: Int) -> Tensor? {
    guard case .constant(let constant) = self else { return nil }
    if shape.count == 1 { return Tensor(repeating: constant.tensor[0], shape: [count]) }
    guard shape.count == count, shape[-1] == count else { return nil }
    return constant.tensor.reshaped(to: [count])
  }
}

extension ONNXReading {
  /// The sum with a factor times another value.
  fileprivate func adding(_ value: ONNXValue?, times factor: Float) -> ONNXReading {
    guard let value else { return self }
    let scaled: ONNXReading =
      factor == 1 ? .same(value) : .layers(Scale.layers(factor), of: [value])
    return .joined([Add()], of: [self, scaled])
  }
}

import Kernels
public import Tensors

/// The softmax along one axis, or its logarithm. One that ends a classifier is peeled when the file
/// is read, so this stands inside of networks only.
public struct SoftmaxLayer: Layer {
  public static let kind = "Softmax"
  /// Counted from the front.
  public let axis: Int
  public let isLogarithmic: Bool

  public init(axis: Int, isLogarithmic: Bool = false) {
    self.axis = axis
    self.isLogarithmic = isLogarithmic
  }

  public func isItemwise(for inputs: [Shape]) -> Bool { axis != 0 }
  public func operations(inputs: [Shape], output: Shape) -> Int { 4 * output.count }
  /// More points than others: it may change hands at once.
  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .average(points: 16) }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard (0..<input.rank).contains(axis) else {
      throw LayerError("cannot normalise \(input) along axis \(axis)")
    }
    return input
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Softmax(
        input: site.inputs[0], output: site.output, axis: axis, isLogarithmic: isLogarithmic))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      SoftmaxPullback(
        outputCotangent: cotangent, output: site.output, inputCotangent: target, axis: axis,
        isLogarithmic: isLogarithmic, accumulates: accumulates)
    }
  }
}

extension SoftmaxLayer: ONNXOperator {
  static let onnxKinds = ["Softmax", "LogSoftmax"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let shape = input.shape
    // Up to operator set 12, the axis and all behind it are normalised together.
    let flattens = node.opset < 13
    let axis = try node.axis(try node.integer("axis") ?? (flattens ? 1 : -1), rank: shape.rank)
    let isLogarithmic = node.kind == "LogSoftmax"
    let together = shape.extents[axis...].reduce(1, *)
    guard flattens, together != shape[axis] else {
      return .layer(SoftmaxLayer(axis: axis, isLogarithmic: isLogarithmic), of: input)
    }
    let flat = Shape(shape.extents[..<axis] + [together])
    return .layers(
      [
        Reshape(from: shape, to: flat), SoftmaxLayer(axis: axis, isLogarithmic: isLogarithmic),
        Reshape(from: flat, to: shape),
      ], of: [input])
  }
}

extension SoftmaxLayer: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(
      isLogarithmic ? "LogSoftmax" : "Softmax", of: site.inputs, as: site.name,
      ["axis": .integer(axis)])
  }
}

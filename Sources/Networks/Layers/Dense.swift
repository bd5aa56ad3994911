import Kernels
public import Tensors

/// A fully connected layer: y = x·W + b over the rows of `[N, D]`.
public struct Dense: Layer {
  public static let kind = "Gemm"

  /// `[K, D]` where `transposed`, else `[D, K]`.
  public let weights: Tensor
  /// `[K]`
  public let bias: Tensor?
  /// Whether each row of the weights belongs to one output.
  public let transposed: Bool

  /// Throws when weights and bias do not fit one another.
  public init(weights: Tensor, bias: Tensor? = nil, transposed: Bool) throws(LayerError) {
    guard weights.shape.rank == 2, weights.count > 0 else {
      throw LayerError("expects a matrix of weights, found \(weights.shape)")
    }
    let outputs = weights.shape[transposed ? 0 : 1]
    if let bias, bias.shape != [outputs] {
      throw LayerError("expects a bias [\(outputs)], found \(bias.shape)")
    }
    self.weights = weights
    self.bias = bias
    self.transposed = transposed
  }

  private var depth: Int { weights.shape[transposed ? 1 : 0] }
  private var outputs: Int { weights.shape[transposed ? 0 : 1] }

  public var parameters: [Tensor] { [weights] + (bias.map { [$0] } ?? []) }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int {
    output.count * (2 * depth + (bias == nil ? 0 : 1))
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[-1] == depth else {
      throw LayerError("expects [N, \(depth)], found \(input)")
    }
    return Shape(input.extents.dropLast() + [outputs])
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      MatrixProduct(
        input: site.inputs[0], weights: site.parameters[0],
        bias: bias == nil ? nil : site.parameters[1], output: site.output,
        transposed: transposed))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      MatrixProduct(
        input: cotangent, weights: site.parameters[0], output: target, transposed: !transposed,
        accumulates: accumulates)
    }
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      MatrixWeightGradient(
        input: site.inputs[0], outputCotangent: cotangent, weightsCotangent: target,
        transposed: transposed, accumulates: accumulates)
    }
    guard bias != nil else { return }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      let rows = cotangent.reshaped(to: [cotangent.count / outputs, outputs])
      return ChannelSum(input: rows, output: target, accumulates: accumulates)
    }
  }
}
extension Dense: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) throws(LayerError) {
    let weights = file.tensor(weights, as: "\(site.name).weight")
    let bias = bias.map { file.tensor($0, as: "\(site.name).bias") }
    if site.output.rank == 2 && (transposed || bias != nil) {
      file.node(
        "Gemm", of: site.inputs + [weights] + (bias.map { [$0] } ?? []), as: site.name,
        ["transB": .integer(transposed ? 1 : 0)])
      return
    }
    // A product over more than two dimensions has no bias in ONNX, and its weights one order.
    var factor = weights
    if transposed {
      factor = file.free("\(site.name).weight/transposed")
      file.node("Transpose", of: [weights], as: factor, ["perm": .integers([1, 0])])
    }
    let product = bias == nil ? site.name : file.free("\(site.name)/product")
    file.node("MatMul", of: site.inputs + [factor], as: product)
    if let bias { file.node("Add", of: [product, bias], as: site.name) }
  }
}

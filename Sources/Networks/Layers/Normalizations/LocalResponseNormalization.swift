public import Kernels
public import Tensors

/// Divides each value of `[N, C, …]` by a power of the sum of squares over neighbouring channels.
public struct LocalResponseNormalization: Layer {
  public static let kind = "LRN"
  public let window: ResponseWindow

  public init(_ window: ResponseWindow) { self.window = window }

  public func operations(inputs: [Shape], output: Shape) -> Int {
    output.count * (2 * min(window.size, output[1]) + 5)
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard window.size >= 1 else {
      throw LayerError("sums over \(window.size) channels; there must be one at least")
    }
    guard input.rank >= 2 else { throw LayerError("expects [N, C, …], found \(input)") }
    return input
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let bases = plan.makeSlot(site.output.shape)
    plan.emit(
      LocalResponse(input: site.inputs[0], output: site.output, bases: bases, window: window))
    plan.save(bases, for: site)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      LocalResponsePullback(
        outputCotangent: cotangent, input: site.inputs[0], output: site.output,
        bases: site.saved[0], inputCotangent: target, window: window, accumulates: accumulates)
    }
  }
}

extension LocalResponseNormalization: ONNXOperator {
  static let onnxKinds = ["LRN"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    guard let size = try node.integer("size") else { throw LayerError("its size is missing") }
    let window = ResponseWindow(
      size: size, alpha: try node.float("alpha") ?? 1e-4, beta: try node.float("beta") ?? 0.75,
      bias: try node.float("bias") ?? 1)
    return .layer(LocalResponseNormalization(window), of: try node.input())
  }
}

extension LocalResponseNormalization: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(
      "LRN", of: site.inputs, as: site.name,
      [
        "size": .integer(window.size), "alpha": .float(window.alpha), "beta": .float(window.beta),
        "bias": .float(window.bias),
      ])
  }
}

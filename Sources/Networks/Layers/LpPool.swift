public import Kernels
public import Tensors

/// The length (Σ |x|ᵖ)^(1/p) of what lies under each window of `[N, C, H, W]`.
public struct LpPool: Layer {
  public static let kind = "LpPool"
  public let window: Window
  /// p, at least 1.
  public let exponent: Float
  /// Whether a last window may hang over the end.
  public let roundsUp: Bool

  public init(window: Window, exponent: Float = 2, roundsUp: Bool = false) {
    self.window = window
    self.exponent = exponent
    self.roundsUp = roundsUp
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    guard exponent >= 1, exponent <= 1024 else {
      throw LayerError("expects an exponent p from 1 to 1024, found \(exponent)")
    }
    return try window.pooledShape(for: input, roundingUp: roundsUp, kind: Self.kind)
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { 2 * output.count * window.taps }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      LpPooling(
        input: site.inputs[0], output: site.output, window: window, exponent: exponent))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      LpPoolingPullback(
        outputCotangent: cotangent, input: site.inputs[0], output: site.output,
        inputCotangent: target, window: window, exponent: exponent, accumulates: accumulates)
    }
  }
}

extension LpPool: ONNXOperator {
  static let onnxKinds = ["LpPool"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let spatial = try ONNXSpatialNode(node)
    return try spatial.reading(
      LpPool(
        window: try spatial.window(), exponent: try node.normExponent(),
        roundsUp: try node.flag("ceil_mode")))
  }
}

extension ONNXNode {
  /// The attribute p, which the first operator set had as a real number.
  func normExponent() throws(LayerError) -> Float {
    if case .float(let exponent)? = attributes["p"] { return exponent }
    return try integer("p").map { Float($0) } ?? 2
  }
}

extension LpPool: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) throws(LayerError) {
    guard let exponent = Int(exactly: exponent) else {
      throw LayerError("ONNX pools with whole exponents only, found \(exponent)")
    }
    var attributes = window.attributes
    attributes["ceil_mode"] = .integer(roundsUp ? 1 : 0)
    attributes["p"] = .integer(exponent)
    file.node("LpPool", of: site.inputs, as: site.name, attributes)
  }
}

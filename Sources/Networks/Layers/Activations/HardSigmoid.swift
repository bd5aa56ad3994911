public import Kernels

/// alpha · x + beta within 0...1.
public struct HardLogistic: NamedFunction {
  public static let kind = "HardSigmoid"
  /// Slope.
  public let alpha: Float
  /// Value at zero.
  public let beta: Float

  public init(alpha: Float = 0.2, beta: Float = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }

  public func callAsFunction(_ x: Float) -> Float {
    min(max(alpha * x + beta, 0), 1)
  }

  public func slope(at x: Float) -> Float {
    let line = alpha * x + beta
    return line > 0 && line < 1 ? alpha : 0
  }

  public static var slopeReads: SlopeOperand { .input }

  public var accelerated: VectorFunction? { .hardLogistic(alpha: alpha, beta: beta) }
}

extension HardLogistic: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> HardLogistic {
    HardLogistic(
      alpha: try node.float("alpha") ?? 0.2,
      beta: try node.float("beta") ?? 0.5)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha), "beta": .float(beta)] }
}

extension HardLogistic: SaturatingFunction {
  /// The slope is all there is up to where the line leaves 0...1.
  public func reach(ofSlope slope: Float) -> Float? {
    let reach = min(beta, 1 - beta) / alpha.magnitude
    return reach > 0 && reach.isFinite ? reach : nil
  }
}

/// The logistic function drawn with straight lines.
public typealias HardSigmoid = Pointwise<HardLogistic>

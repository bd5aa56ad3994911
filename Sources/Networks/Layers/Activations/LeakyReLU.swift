public import Kernels

/// x, or alpha · x below zero.
public struct LeakyRectifier: NamedFunction {
  public static let kind = "LeakyRelu"
  /// Slope below zero.
  public let alpha: Float

  public init(alpha: Float = 0.01) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Float) -> Float {
    x < 0 ? alpha * x : x
  }

  public func slope(at x: Float) -> Float {
    x > 0 ? 1 : alpha
  }

  public static var slopeReads: SlopeOperand { .input }

  public var accelerated: VectorFunction? { .leakyRectifier(slope: alpha) }
}

extension LeakyRectifier: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> LeakyRectifier {
    LeakyRectifier(
      alpha: try node.float("alpha") ?? 0.01)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha)] }
}

/// The rectifier that lets a little through below zero.
public typealias LeakyReLU = Pointwise<LeakyRectifier>

public import Kernels

/// x above a threshold, 0 elsewhere.
public struct ThresholdedRectifier: NamedFunction {
  public static let kind = "ThresholdedRelu"
  /// The threshold.
  public let alpha: Float

  public init(alpha: Float) { self.alpha = alpha }

  public func callAsFunction(_ x: Float) -> Float { x > alpha ? x : 0 }
  public func slope(at x: Float) -> Float { x > alpha ? 1 : 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension ThresholdedRectifier: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ThresholdedRectifier {
    ThresholdedRectifier(alpha: try node.float("alpha") ?? 1)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha)] }
}

/// Keeps what is above a threshold.
public typealias ThresholdedReLU = Pointwise<ThresholdedRectifier>

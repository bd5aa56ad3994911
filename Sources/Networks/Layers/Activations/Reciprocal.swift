public import Kernels

/// 1 / x.
public struct ReciprocalFunction: NamedFunction {
  public static let kind = "Reciprocal"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    1 / x
  }

  public func slope(at y: Float) -> Float {
    -y * y
  }

  public static var slopeReads: SlopeOperand { .value }
}

extension ReciprocalFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ReciprocalFunction {
    ReciprocalFunction()
  }
}

/// The reciprocal of every element.
public typealias Reciprocal = Pointwise<ReciprocalFunction>

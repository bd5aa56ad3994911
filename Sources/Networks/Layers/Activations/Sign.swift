public import Kernels

/// −1, 0 or 1, as the number is negative, zero or positive. It is flat where it has a derivative.
public struct SignFunction: NamedFunction {
  public static let kind = "Sign"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : x }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension SignFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SignFunction { SignFunction() }
}

/// The sign of every element.
public typealias Sign = Pointwise<SignFunction>

public import Kernels

/// The nearest whole number, the even one of two. It is flat where it has a derivative.
public struct RoundingFunction: NamedFunction {
  public static let kind = "Round"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x.rounded(.toNearestOrEven) }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension RoundingFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> RoundingFunction { RoundingFunction() }
}

/// Every element rounded.
public typealias Round = Pointwise<RoundingFunction>

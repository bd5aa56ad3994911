public import Kernels

/// The smallest whole number that is not below. It is flat where it has a derivative.
public struct CeilingFunction: NamedFunction {
  public static let kind = "Ceil"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x.rounded(.up) }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension CeilingFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> CeilingFunction { CeilingFunction() }
}

/// Every element rounded up.
public typealias Ceil = Pointwise<CeilingFunction>

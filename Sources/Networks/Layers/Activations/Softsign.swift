public import Kernels

/// x / (1 + |x|).
public struct SoftsignFunction: NamedFunction {
  public static let kind = "Softsign"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    x / (1 + x.magnitude)
  }

  public func slope(at x: Float) -> Float {
    1 / ((1 + x.magnitude) * (1 + x.magnitude))
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension SoftsignFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SoftsignFunction {
    SoftsignFunction()
  }
}

/// The sign, softened.
public typealias Softsign = Pointwise<SoftsignFunction>

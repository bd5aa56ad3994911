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

extension SoftsignFunction: SaturatingFunction {
  /// The slope is 1 / (1 + |x|)².
  public func reach(ofSlope slope: Float) -> Float? {
    1 / Self.share(slope, of: 1).squareRoot() - 1
  }
}

/// The sign, softened.
public typealias Softsign = Pointwise<SoftsignFunction>

public import Kernels

/// x · (x / 6 + ½ within 0...1).
public struct HardSwishFunction: NamedFunction {
  public static let kind = "HardSwish"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    x * min(max(x / 6 + 0.5, 0), 1)
  }

  public func slope(at x: Float) -> Float {
    x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
  }

  public static var slopeReads: SlopeOperand { .input }

  public var accelerated: VectorFunction? { .hardSwish }
}

extension HardSwishFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> HardSwishFunction {
    HardSwishFunction()
  }
}

/// The input gated by its hard sigmoid.
public typealias HardSwish = Pointwise<HardSwishFunction>

public import Kernels

/// The square root.
public struct SquareRoot: NamedFunction {
  public static let kind = "Sqrt"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    x.squareRoot()
  }

  public func slope(at y: Float) -> Float {
    0.5 / y
  }

  public static var slopeReads: SlopeOperand { .value }
}

extension SquareRoot: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SquareRoot {
    SquareRoot()
  }
}

/// The square root of every element.
public typealias Sqrt = Pointwise<SquareRoot>

public import Kernels

/// The magnitude.
public struct Magnitude: NamedFunction {
  public static let kind = "Abs"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    x.magnitude
  }

  public func slope(at x: Float) -> Float {
    x > 0 ? 1 : x < 0 ? -1 : 0
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension Magnitude: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> Magnitude {
    Magnitude()
  }
}

/// The magnitude of every element.
public typealias Abs = Pointwise<Magnitude>

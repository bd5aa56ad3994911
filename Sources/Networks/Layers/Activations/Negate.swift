public import Kernels

/// −x.
public struct Negation: NamedFunction {
  public static let kind = "Neg"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    -x
  }

  public func slope(at x: Float) -> Float {
    -1
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension Negation: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> Negation {
    Negation()
  }
}

/// Every element with the other sign.
public typealias Negate = Pointwise<Negation>

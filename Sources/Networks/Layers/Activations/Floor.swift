public import Kernels

/// The largest whole number that is not above. It is flat where it has a derivative.
public struct FloorFunction: NamedFunction {
  public static let kind = "Floor"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x.rounded(.down) }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension FloorFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> FloorFunction { FloorFunction() }
}

/// Every element rounded down.
public typealias Floor = Pointwise<FloorFunction>

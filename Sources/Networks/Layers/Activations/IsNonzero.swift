public import Kernels

/// 1 for all numbers but 0. It is flat where it has a derivative.
public struct NonzeroFunction: NamedFunction {
  public static let kind = "Cast"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x != 0 ? 1 : 0 }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

/// A mask of all elements that are not 0: a cast to truth values.
public typealias IsNonzero = Pointwise<NonzeroFunction>

extension NonzeroFunction: ONNXWritableFunction {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let type = ONNXTensorProto.DataType.bool.rawValue
    file.node("Cast", of: site.inputs, as: site.name, ["to": .integer(type)], isTruth: true)
  }
}

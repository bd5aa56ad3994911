public import Kernels

/// 1 for 0, and 0 for all other numbers. It is flat where it has a derivative.
public struct LogicalNegation: NamedFunction {
  public static let kind = "Not"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { x == 0 ? 1 : 0 }
  public func slope(at x: Float) -> Float { 0 }
  public static var slopeReads: SlopeOperand { .input }
}

extension LogicalNegation: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> LogicalNegation { LogicalNegation() }

  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("Not", of: site.inputs, as: site.name, truths: [0], isTruth: true)
  }
}

/// The opposite of a mask.
public typealias Not = Pointwise<LogicalNegation>

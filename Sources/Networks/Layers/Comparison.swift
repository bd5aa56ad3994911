public import Kernels
public import Tensors

/// A mask: 1 where a statement about two inputs holds, 0 elsewhere, with NumPy's broadcasting.
///
/// Truth values are numbers like all others, so that masks can be joined, cut and multiplied. Nothing
/// flows back through one: its gradient is zero wherever it has any.
public struct Comparison<P: NamedPredicate>: Layer {
  public static var kind: String { P.kind }

  public init() {}

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    guard inputs.count == 2 else { throw LayerError("expects two inputs, found \(inputs.count)") }
    return try inputs.broadcastTogether()
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(Broadcast<P>(first: site.inputs[0], second: site.inputs[1], output: site.output))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {}
}

/// A statement about two numbers that is an operator by itself.
public protocol NamedPredicate: Predicate {
  static var kind: String { get }
  /// Whether the numbers are truth values themselves.
  static var readsTruths: Bool { get }
}

extension NamedPredicate {
  public static var readsTruths: Bool { false }
}

extension IsLess: NamedPredicate { public static var kind: String { "Less" } }
extension IsLessOrEqual: NamedPredicate { public static var kind: String { "LessOrEqual" } }
extension IsGreater: NamedPredicate { public static var kind: String { "Greater" } }
extension IsGreaterOrEqual: NamedPredicate { public static var kind: String { "GreaterOrEqual" } }
extension IsEqual: NamedPredicate { public static var kind: String { "Equal" } }
extension AreBothTrue: NamedPredicate {
  public static var kind: String { "And" }
  public static var readsTruths: Bool { true }
}
extension IsAnyTrue: NamedPredicate {
  public static var kind: String { "Or" }
  public static var readsTruths: Bool { true }
}
extension IsOneTrue: NamedPredicate {
  public static var kind: String { "Xor" }
  public static var readsTruths: Bool { true }
}

public typealias Less = Comparison<IsLess>
public typealias LessOrEqual = Comparison<IsLessOrEqual>
public typealias Greater = Comparison<IsGreater>
public typealias GreaterOrEqual = Comparison<IsGreaterOrEqual>
public typealias Equal = Comparison<IsEqual>
public typealias And = Comparison<AreBothTrue>
public typealias Or = Comparison<IsAnyTrue>
public typealias Xor = Comparison<IsOneTrue>

extension Comparison: ONNXOperator {
  static var onnxKinds: [String] { [kind] }

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layers([Comparison()], of: try node.operands())
  }
}

extension Comparison: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(
      Self.kind, of: site.inputs, as: site.name, truths: P.readsTruths ? [0, 1] : [],
      isTruth: true)
  }
}

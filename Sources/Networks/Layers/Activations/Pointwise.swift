public import Kernels
public import Tensors

/// An activation: a scalar function applied to every element.
public struct Pointwise<F: NamedFunction>: Layer {
  public static var kind: String { F.kind }
  public let function: F

  public init(_ function: F) { self.function = function }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape { try inputs.only() }

  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .secant }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(Map(input: site.inputs[0], output: site.output, function: function))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      MapPullback(
        outputCotangent: cotangent,
        subject: F.slopeReads == .input ? site.inputs[0] : site.output,
        inputCotangent: target, function: function, accumulates: accumulates)
    }
  }
}

/// A scalar function that is an operator by itself, named as ONNX names it.
public protocol NamedFunction: ScalarFunction {
  static var kind: String { get }
}

/// A scalar function that ONNX can say.
protocol ONNXWritableFunction: NamedFunction {
  /// As `ONNXWritable.write(_:to:)`.
  func write(_ site: ONNXSite, to file: inout ONNXWriter)
}

extension Pointwise: ONNXWritable where F: ONNXWritableFunction {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) { function.write(site, to: &file) }
}

/// A scalar function that a node of an ONNX graph stands for.
protocol ONNXFunction: ONNXWritableFunction {
  /// The function with the node's parameters.
  static func read(_ node: ONNXNode) throws(LayerError) -> Self

  /// The attributes of the node that is written; none by default.
  var attributes: [String: ONNXAttribute] { get }
}

extension ONNXFunction {
  var attributes: [String: ONNXAttribute] { [:] }

  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(Self.kind, of: site.inputs, as: site.name, attributes)
  }
}

extension Pointwise: ONNXOperator where F: ONNXFunction {
  static var onnxKinds: [String] { [F.kind] }

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layer(Pointwise(try F.read(node)), of: try node.input())
  }
}

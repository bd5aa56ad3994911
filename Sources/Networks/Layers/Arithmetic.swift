public import Kernels
public import Tensors

/// A function of two inputs, element by element, with NumPy's broadcasting: sum, product and their kin.
public struct Arithmetic<F: NamedBinaryFunction>: Layer {
  public static var kind: String { F.kind }

  public init() {}

  public func isAffine(inInput index: Int) -> Bool {
    F.self == Sum.self || F.self == Difference.self || F.self == Product.self
      || F.self == Quotient.self && index == 0
  }

  /// Sums go back as they are and products by their middle. A function of a constant and one input,
  /// as the trained rectifier is, is taken for one of elements unless the input is repeated.
  public func rescaling(ofInputs changing: [Int]) -> Rescaling {
    if F.self == Sum.self || F.self == Difference.self { return .step }
    if changing.count == 1 { return isAffine(inInput: changing[0]) ? .step : .secant }
    return .average(points: F.self == Product.self ? 1 : 8)
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    guard inputs.count == 2 else { throw LayerError("expects two inputs, found \(inputs.count)") }
    return try inputs.broadcastTogether()
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Broadcast<F>(first: site.inputs[0], second: site.inputs[1], output: site.output))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    for (index, side) in [BroadcastSide.first, .second].enumerated() {
      plan.contribute(to: index, of: site) { target, accumulates in
        if F.self == Sum.self && target.shape == cotangent.shape {
          return Copy(from: cotangent, to: target, accumulates: accumulates)
        }
        return BroadcastPullback<F>(
          outputCotangent: cotangent, first: site.inputs[0], second: site.inputs[1],
          inputCotangent: target, side: side, accumulates: accumulates)
      }
    }
  }
}

extension [Shape] {
  /// The shape that NumPy's rules give for all of them.
  func broadcastTogether() throws(LayerError) -> Shape {
    var result: Shape = []
    for shape in self {
      guard let next = result.broadcast(with: shape) else {
        throw LayerError("\(result) and \(shape) cannot be broadcast together")
      }
      result = next
    }
    return result
  }
}

/// A binary function that is an operator by itself.
public protocol NamedBinaryFunction: BinaryFunction {
  static var kind: String { get }
}

extension Sum: NamedBinaryFunction { public static var kind: String { "Add" } }
extension Difference: NamedBinaryFunction { public static var kind: String { "Sub" } }
extension Product: NamedBinaryFunction { public static var kind: String { "Mul" } }
extension Quotient: NamedBinaryFunction { public static var kind: String { "Div" } }
extension Minimum: NamedBinaryFunction { public static var kind: String { "Min" } }
extension Maximum: NamedBinaryFunction { public static var kind: String { "Max" } }
extension Power: NamedBinaryFunction { public static var kind: String { "Pow" } }
extension ParametricRectifier: NamedBinaryFunction { public static var kind: String { "PRelu" } }

public typealias Add = Arithmetic<Sum>
public typealias Subtract = Arithmetic<Difference>
public typealias Multiply = Arithmetic<Product>
public typealias Divide = Arithmetic<Quotient>
public typealias Min = Arithmetic<Minimum>
public typealias Max = Arithmetic<Maximum>
public typealias Pow = Arithmetic<Power>
/// The rectifier whose slope below zero is trained, as the second input.
public typealias PReLU = Arithmetic<ParametricRectifier>

extension Arithmetic: ONNXOperator {
  static var onnxKinds: [String] { [kind] }

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layers([Arithmetic()], of: try node.operands())
  }
}

extension ONNXNode {
  /// Two inputs that are combined element by element.
  func operands() throws(LayerError) -> [ONNXValue] {
    guard inputs.count == 2 else {
      throw LayerError("takes \(inputs.count) inputs; two can be combined")
    }
    let first = try input(0)
    var second = try input(1)
    // Before operator set 7, the second operand was laid along the first from a given axis on.
    if opset < 7, let start = try integer("axis"), case .constant(let constant) = second {
      let axis = try axis(start, rank: first.shape.rank)
      let trailing = first.shape.rank - axis - constant.shape.rank
      if trailing > 0 {
        let ones = [Int](repeating: 1, count: trailing)
        second = .constant(constant.reshaped(to: Shape(constant.shape.extents + ones)))
      }
    }
    return [first, second]
  }
}

extension Arithmetic: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node(Self.kind, of: site.inputs, as: site.name)
  }
}

public import Kernels
public import Tensors

/// A function of two inputs, element by element, with NumPy's broadcasting: sum, product and their kin.
public struct Arithmetic<F: NamedBinaryFunction>: Layer {
  public static var kind: String { F.kind }

  public init() {}

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    guard inputs.count == 2 else { throw LayerError("expects two inputs, found \(inputs.count)") }
    guard let shape = inputs[0].broadcast(with: inputs[1]) else {
      throw LayerError("\(inputs[0]) and \(inputs[1]) cannot be broadcast together")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Broadcast<F>(first: site.inputs[0], second: site.inputs[1], output: site.output))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    for (index, side) in [BroadcastSide.first, .second].enumerated() {
      plan.contribute(to: index, of: site) { target, accumulates in
        BroadcastPullback<F>(
          outputCotangent: cotangent, first: site.inputs[0], second: site.inputs[1],
          inputCotangent: target, side: side, accumulates: accumulates)
      }
    }
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
    guard node.inputs.count == 2 else {
      throw LayerError("takes \(node.inputs.count) inputs; two can be combined")
    }
    let first = try node.input(0)
    var second = try node.input(1)
    // Before operator set 7, the second operand was laid along the first from a given axis on.
    if node.opset < 7, let start = try node.integer("axis"), case .constant(let constant) = second {
      let axis = try node.axis(start, rank: first.shape.rank)
      let trailing = first.shape.rank - axis - constant.shape.rank
      if trailing > 0 {
        let ones = [Int](repeating: 1, count: trailing)
        second = .constant(constant.reshaped(to: Shape(constant.shape.extents + ones)))
      }
    }
    return .layers([Arithmetic()], of: [first, second])
  }
}

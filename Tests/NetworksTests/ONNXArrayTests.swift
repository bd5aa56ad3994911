import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Operators on arrays as files spell them, against values worked out by hand.
struct ONNXArrayTests {
  /// One node that reads `x` and constants.
  struct Case: CustomTestStringConvertible, Sendable {
    let kind: String
    var opset = 18
    let x: Tensor
    /// What comes before and after `x` among the inputs.
    var before: [Constant] = []
    var after: [Constant] = []
    var attributes: [String: ONNXTestModel.Attribute] = [:]
    let expected: [Tensor]
    var testDescription: String { "\(kind) \(opset) \(x.shape) \(after) \(attributes)" }

    enum Constant: Sendable {
      case none
      case integers([Int])
      case floats([Float], [Int])
    }

    /// The node in a graph whose input `x` has a fixed shape.
    var bytes: [UInt8] {
      var model = ONNXTestModel(input: x.shape.extents.map(String.init))
      model.opset = opset
      var inputs: [String] = []
      for (index, constant) in (before + [.none] + after).enumerated() {
        let name = "constant\(index)"
        switch constant {
        case .none:
          inputs.append(index == before.count ? "x" : "")
        case .integers(let values):
          model.constant(name, values)
          inputs.append(name)
        case .floats(let values, let extents):
          model.constant(name, values, extents)
          inputs.append(name)
        }
      }
      let outputs = expected.indices.map { "y\($0)" }
      model.node(kind, inputs, outputs, attributes)
      model.outputs = outputs.map { ONNXTestModel.valueInfo($0, [], 1) }
      return model.bytes
    }
  }

  /// 0, 1, 2, …
  static func ramp(_ shape: Shape) -> Tensor {
    Tensor((0..<shape.count).map { Float($0) }, shape: shape)
  }

  static func row(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count]) }

  static let cases: [Case] = parts + reductions + products + choices + sums + equations

  static let parts = [
    Case(
      kind: "Split", opset: 2, x: ramp([2, 3]),
      attributes: ["axis": .integer(1), "split": .integers([1, 2])],
      expected: [Tensor([0, 3], shape: [2, 1]), Tensor([1, 2, 4, 5], shape: [2, 2])]),
    Case(
      kind: "Split", opset: 13, x: ramp([4]), expected: [row(0, 1), row(2, 3)]),
    Case(
      kind: "Split", x: ramp([5]), attributes: ["num_outputs": .integer(3)],
      expected: [row(0, 1), row(2, 3), row(4)]),
    Case(
      kind: "Split", x: ramp([3]), after: [.integers([0, 3])],
      expected: [Tensor([], shape: [0]), row(0, 1, 2)]),
    Case(
      kind: "Slice", x: ramp([3, 2]),
      after: [.integers([-1]), .integers([-9]), .integers([0]), .integers([-2])],
      expected: [Tensor([4, 5, 0, 1], shape: [2, 2])]),
    Case(
      kind: "Concat", x: ramp([1, 2]), before: [.floats([7, 8], [1, 2])],
      attributes: ["axis": .integer(0)],
      expected: [Tensor([7, 8, 0, 1], shape: [2, 2])]),
    Case(
      kind: "Transpose", x: ramp([2, 3]), expected: [Tensor([0, 3, 1, 4, 2, 5], shape: [3, 2])]),
    Case(kind: "Transpose", x: Tensor([4], shape: []), expected: [Tensor([4], shape: [])]),
    Case(
      kind: "Softmax", x: Tensor([0, 0, Float(log(3.0)), 0], shape: [2, 2]),
      attributes: ["axis": .integer(0)],
      expected: [Tensor([0.25, 0.5, 0.75, 0.5], shape: [2, 2])]),
  ]

  /// Of 1, 2, 3 and 4, −1, 2 along each axis, and of all.
  static let reductions: [Case] = {
    let x = Tensor([1, 2, 3, 4, -1, 2], shape: [2, 3])
    func reduced(_ kind: String, rows: [Float], columns: [Float], all: Float) -> [Case] {
      [
        Case(
          kind: kind, opset: 13, x: x,
          after: kind == "ReduceSum" ? [.integers([-1])] : [],
          attributes: kind == "ReduceSum" ? [:] : ["axes": .integers([-1])],
          expected: [Tensor(rows, shape: [2, 1])]),
        Case(
          kind: kind, x: x, after: [.integers([0])], attributes: ["keepdims": .integer(0)],
          expected: [Tensor(columns, shape: [3])]),
        Case(kind: kind, x: x, expected: [Tensor([all], shape: [1, 1])]),
        Case(
          kind: kind, x: x.reshaped(to: [1, 2, 1, 3]), after: [.integers([3, 1])],
          expected: [Tensor([all], shape: [1, 1, 1, 1])]),
      ]
    }
    func logs(_ values: Double...) -> [Float] { values.map { Float(log($0)) } }
    let powers: [Double] = [1, 2, 3, 4, -1, 2].map { Foundation.exp($0) }
    let positive = Tensor([1, 2, 3, 4, 1, 2], shape: [2, 3])
    return reduced("ReduceSum", rows: [6, 5], columns: [5, 1, 5], all: 11)
      + reduced("ReduceMean", rows: [2, 5 / 3], columns: [2.5, 0.5, 2.5], all: 11 / 6)
      + reduced("ReduceMax", rows: [3, 4], columns: [4, 2, 3], all: 4)
      + reduced("ReduceMin", rows: [1, -1], columns: [1, -1, 2], all: -1)
      + reduced("ReduceProd", rows: [6, -8], columns: [4, -2, 6], all: -48)
      + reduced("ReduceL1", rows: [6, 7], columns: [5, 3, 5], all: 13)
      + reduced("ReduceSumSquare", rows: [14, 21], columns: [17, 5, 13], all: 35)
      + reduced(
        "ReduceL2", rows: [14, 21].map { (x: Float) in x.squareRoot() },
        columns: [17, 5, 13].map { (x: Float) in x.squareRoot() }, all: Float(35).squareRoot())
      + reduced("ReduceLogSum", rows: logs(6, 5), columns: logs(5, 1, 5), all: logs(11)[0])
      + reduced(
        "ReduceLogSumExp",
        rows: logs(powers[0] + powers[1] + powers[2], powers[3] + powers[4] + powers[5]),
        columns: logs(powers[0] + powers[3], powers[1] + powers[4], powers[2] + powers[5]),
        all: logs(powers.reduce(0, +))[0])
      + [
        Case(
          kind: "ReduceSumSquare", x: positive, attributes: ["noop_with_empty_axes": .integer(1)],
          expected: [Tensor([1, 4, 9, 16, 1, 4], shape: [2, 3])]),
        Case(
          kind: "ReduceLogSumExp", x: row(1000, 1000), expected: [row(1000 + logs(2)[0])]),
        Case(kind: "ReduceSum", x: Tensor([5], shape: []), expected: [Tensor([5], shape: [])]),
      ]
  }()

  static let products = [
    Case(
      kind: "MatMul", x: ramp([2, 1, 3]), after: [.floats([1, 0, 2, 1, 0, 1], [1, 3, 2])],
      expected: [Tensor([2, 3, 11, 9], shape: [2, 1, 2])]),
    Case(
      kind: "MatMul", x: ramp([3]), after: [.floats([1, 0, 2, 1, 0, 1], [3, 2])],
      expected: [row(2, 3)]),
    Case(
      kind: "MatMul", x: ramp([2, 3]), after: [.floats([1, 2, 3], [3])], expected: [row(8, 26)]),
    Case(
      kind: "MatMul", x: ramp([3]), after: [.floats([1, 2, 3], [3])],
      expected: [Tensor([8], shape: [])]),
    Case(
      kind: "MatMul", x: ramp([2, 2]), before: [.floats([1, 2, 3, 4], [2, 1, 2])],
      expected: [Tensor([4, 7, 8, 15], shape: [2, 1, 2])]),
    Case(
      kind: "Gemm", x: ramp([2, 3]),
      after: [.floats([1, 2], [2, 1]), .floats([1, 2, 3], [3, 1])],
      attributes: ["transA": .integer(1), "alpha": .float(2), "beta": .float(10)],
      expected: [Tensor([22, 38, 54], shape: [3, 1])]),
    Case(
      kind: "Gemm", x: ramp([2, 3]), before: [.floats([1, 2, 3], [1, 3])],
      attributes: ["transB": .integer(1), "alpha": .float(0.5)],
      expected: [Tensor([4, 13], shape: [1, 2])]),
    Case(
      kind: "Gemm", x: Tensor([1, 2], shape: [1, 2]),
      before: [.floats([3, 4], [2, 1]), .floats([1, 1], [1, 2])],
      attributes: ["beta": .float(-1)],
      expected: [Tensor([2, 1, 3, 2], shape: [2, 2])]),
  ]

  static let choices = [
    Case(
      kind: "Gather", x: ramp([2, 3]), after: [.integers([-1, 0])],
      attributes: ["axis": .integer(1)],
      expected: [Tensor([2, 0, 5, 3], shape: [2, 2])]),
    Case(
      kind: "Gather", x: ramp([3, 2]), after: [.integers([2])],
      expected: [Tensor([4, 5], shape: [1, 2])]),
    Case(
      kind: "Expand", x: row(1, 2), after: [.integers([2, 1, 1])],
      expected: [Tensor([1, 2, 1, 2], shape: [2, 1, 2])]),
    Case(
      kind: "Tile", x: ramp([2, 2]), after: [.integers([1, 2])],
      expected: [Tensor([0, 1, 0, 1, 2, 3, 2, 3], shape: [2, 4])]),
    Case(
      kind: "Where", x: row(1, .nan), before: [.integers([0, 0])], after: [.floats([7], [1])],
      expected: [row(7, 7)]),
    Case(
      kind: "Where", x: row(0, 2, -1), after: [.floats([5], [1]), .floats([7, 8, 9], [3])],
      expected: [row(7, 5, 5)]),
    Case(kind: "Less", x: row(1, 2, 3), after: [.floats([2], [1])], expected: [row(1, 0, 0)]),
    Case(
      kind: "LessOrEqual", x: row(1, 2, 3), after: [.floats([2], [1])], expected: [row(1, 1, 0)]),
    Case(kind: "Greater", x: row(1, 2, 3), before: [.floats([2], [1])], expected: [row(1, 0, 0)]),
    Case(
      kind: "GreaterOrEqual", x: row(1, 2, 3), after: [.floats([2], [1])], expected: [row(0, 1, 1)]),
    Case(kind: "Equal", x: row(1, 2, 3), after: [.floats([2], [1])], expected: [row(0, 1, 0)]),
    Case(kind: "And", x: row(1, 0), after: [.integers([1, 1])], expected: [row(1, 0)]),
    Case(kind: "Or", x: row(1, 0), after: [.integers([0, 0])], expected: [row(1, 0)]),
    Case(kind: "Xor", x: row(1, 0), after: [.integers([1, 1])], expected: [row(0, 1)]),
    Case(
      kind: "Cast", x: row(-2, 0, 0.5), attributes: ["to": .integer(9)], expected: [row(1, 0, 1)]),
    Case(kind: "CastLike", x: row(-2, 0.5), after: [.floats([1], [1])], expected: [row(-2, 0.5)]),
  ]

  static let sums = [
    Case(
      kind: "Sum", x: row(1, 2), before: [.floats([10, 20], [2])], after: [.floats([100], [])],
      expected: [row(111, 122)]),
    Case(
      kind: "Mean", x: row(1, 2), after: [.floats([3], [1]), .floats([5, 7], [2, 1])],
      expected: [Tensor([3, 10 / 3, 11 / 3, 4], shape: [2, 2])]),
    Case(kind: "Mean", x: row(1, 2), expected: [row(1, 2)]),
    Case(
      kind: "Max", x: row(1, 5), after: [.floats([3], [1]), .floats([0, 4], [2])],
      expected: [row(3, 5)]),
    Case(
      kind: "Clip", x: Tensor([2], shape: []), before: [.floats([1, 3, 5], [3])],
      after: [.floats([4], [])],
      expected: [row(2, 3, 4)]),
    Case(kind: "Min", x: row(1, 5), after: [.floats([3], [1])], expected: [row(1, 3)]),
  ]

  /// Of x = [[0, 1, 2], [3, 4, 5]].
  static let equations = [
    equation("ij->ji", expected: Tensor([0, 3, 1, 4, 2, 5], shape: [3, 2])),
    equation("ij", expected: ramp([2, 3])),
    equation("ij->", expected: Tensor([15], shape: [])),
    equation("ij -> j", expected: row(3, 5, 7)),
    equation("...j->...", expected: row(3, 12)),
    equation(
      "ij,jk", [1, 0, 2, 1, 0, 1], [3, 2], expected: Tensor([2, 3, 11, 9], shape: [2, 2])),
    equation(
      "ij,jk->ki", [1, 0, 2, 1, 0, 1], [3, 2], expected: Tensor([2, 11, 3, 9], shape: [2, 2])),
    equation("ij,ij->i", [1, 1, 1, 2, 2, 2], [2, 3], expected: row(3, 24)),
    equation("ij,ij->", [1, 1, 1, 2, 2, 2], [2, 3], expected: Tensor([27], shape: [])),
    equation(
      "ij,k->ikj", [1, 2], [2],
      expected: Tensor([0, 1, 2, 0, 2, 4, 3, 4, 5, 6, 8, 10], shape: [2, 2, 3])),
    equation("ij,jk->i", [1, 0, 2, 1, 0, 1], [3, 2], expected: row(5, 20)),
    equation(
      "...j,...j->...j", [1, 2, 3], [1, 3], expected: Tensor([0, 2, 6, 3, 8, 15], shape: [2, 3])),
  ]

  private static func equation(
    _ text: String, _ values: [Float] = [], _ extents: [Int] = [], expected: Tensor
  ) -> Case {
    Case(
      kind: "Einsum", x: ramp([2, 3]), after: values.isEmpty ? [] : [.floats(values, extents)],
      attributes: ["equation": .text(text)], expected: [expected])
  }

  @Test func `a product of pictures with a matrix keeps the batch`() throws {
    for text in ["bijc,cd->bijd", "cd,bijc->bijd", "bcij,cd->bdij"] {
      let order = text.hasPrefix("cd") ? ["w", "x"] : ["x", "w"]
      var model = ONNXTestModel(input: ["N", "2", "4", "2"])
      model.constant("w", [1, 2, 3, 4], [2, 2])
      model.constant("v", (0..<48).map { Float($0) }, [3, 16])
      model.node("Einsum", order, ["product"], ["equation": .text(text)])
      model.node("Flatten", ["product"], ["flat"])
      model.node("Gemm", ["flat", "v"], ["y"], ["transB": .integer(1)])
      #expect(try ModelFile(onnx: model.bytes).network.isBatchable, "\(text)")
    }
  }

  static let unclear = [
    ("ii->i", "names an axis twice"), ("ij->k", "makes axes that no input has"),
    ("i->i", "does not name 2 dimensions"), ("ij,jk->ik", "does not fit 1 inputs"),
    ("i1->i", "does not name the axes"), ("ij->i->j", "does not fit 1 inputs"),
    (".ij->i", "does not name"), ("......ij->i", "does not name"), ("ijk...->i", "does not name"),
    (String(repeating: "a", count: 1000), "too long"), ("->", "does not name 2 dimensions"),
    ("ij->ijj", "names an axis twice"), ("ij->ij....", "does not name"),
  ]

  @Test(arguments: unclear.indices) func `an equation that says nothing is refused`(
    index: Int
  ) throws {
    let subject = Self.equation(Self.unclear[index].0, expected: Self.row())
    let error = #expect(throws: ModelError.self) { try GraphFile(onnx: subject.bytes) }
    #expect(
      "\(error.map { "\($0)" } ?? "")".contains(Self.unclear[index].1),
      "\(error.map { "\($0)" } ?? "")")
  }

  @Test(arguments: cases) func `an operator gives its definition's values`(_ subject: Case) throws {
    let file = try GraphFile(onnx: subject.bytes)
    let layers = file.outputs.compactMap { output -> LayerName? in
      if case .layer(let name) = output.output { name } else { nil }
    }
    let plan = try Plan(
      file.graph, for: TraceRequest(reading: Set(layers)), batch: 1, options: .plain)
    plan.run(subject.x.reshaped(to: Shape([1] + subject.x.shape.extents)))
    for (output, expected) in zip(file.outputs, subject.expected) {
      let found =
        switch output.output {
        case .layer(let name): plan.value(of: name)
        case .constant(let tensor): tensor
        }
      #expect(found.shape == expected.shape)
      for (a, b) in zip(found.scalars, expected.scalars) {
        // A few roundings of single precision.
        #expect(a == b || abs(a - b) <= 1e-6 * max(1, abs(b)), "\(found.scalars)")
      }
    }
  }

  @Test func `what works along the leading axis sees one picture at a time`() {
    let shapes: [Shape] = [[7919, 2, 3]]
    let itemwise: [any Layer] = [
      Slice([.init(axis: 1, start: 0, end: 1)]), Concatenate(axis: 2), SoftmaxLayer(axis: 1),
      Transpose(order: [0, 2, 1]), ReduceMean(axes: [1, 2]), Gather(axis: 2, positions: [0]),
      Tile(repeats: [1, 2, 1]),
    ]
    let mixing: [any Layer] = [
      Slice([.init(axis: 0, start: 0, end: 1)]), Concatenate(axis: 0), SoftmaxLayer(axis: 0),
      Transpose(order: [2, 0, 1]), ReduceMean(axes: [2, 0]), Gather(axis: 0, positions: [0]),
      Tile(repeats: [2, 1, 1]),
    ]
    for layer in itemwise { #expect(layer.isItemwise(for: shapes), "\(layer)") }
    for layer in mixing { #expect(!layer.isItemwise(for: shapes), "\(layer)") }
  }

  @Test func `an item's values do not depend on its batch mates`() throws {
    let network = try Network(
      input: "x", inputShape: [4, 6, 5],
      nodes: [
        .init("product", MatMul(transposesSecond: true), of: ["x", "x"]),
        .init("softmax", SoftmaxLayer(axis: 3), of: ["product"]),
        .init("mixed", MatMul(), of: ["softmax", "x"]),
        .init("mask", Greater(), of: ["mixed", "x"]),
        .init("chosen", Where(), of: ["mask", "x", "mixed"]),
        .init("part", Gather(axis: 2, positions: [5, 0, 5]), of: ["chosen"]),
        .init("tiled", Tile(repeats: [1, 2, 1, 1]), of: ["part"]),
        .init("length", ReduceLength(axes: [1]), of: ["tiled"]),
        .init("sum", ReduceLogSumExp(axes: [3], keepsAxes: false), of: ["length"]),
        .init("scores", Reshape(item: [-1]), of: ["sum"]),
      ], logits: "scores")
    #expect(network.isBatchable)
    var random = TestRandom(3)
    let batch = random.tensor([3, 4, 6, 5])
    let model = CompiledNetwork(network, engine: .portable)
    let together = model.gradient(of: .logit(1), for: batch)
    for index in 0..<3 {
      let alone = model.gradient(of: .logit(1), for: batch.item(index).reshaped(to: [1, 4, 6, 5]))
      #expect(alone.gradient.scalars == together.gradient.item(index).scalars)
    }
  }

  @Test func `a network that mixes pictures and parts them again runs them singly`() throws {
    // x + xᵀ along the batch is [N, N]; its mean is [N] again.
    let network = try Network(
      input: "x", inputShape: [1, 4],
      nodes: [
        .init("row", Reshape(item: [4]), of: ["x"]),
        .init("sum", Add(), of: ["x", "row"]),
        .init("scores", ReduceMean(axes: [1], keepsAxes: false), of: ["sum"]),
      ], logits: "scores")
    #expect(!network.isBatchable)
  }
}

import Foundation
import Kernels
import Networks
import Tensors
import Testing

/// Nodes that are computed while a file is read.
struct ONNXFoldingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let kind: String
    let inputs: [[Int]]
    var attributes: [String: ONNXTestModel.Attribute] = [:]
    let expected: Tensor
    var testDescription: String { "\(kind) \(inputs) \(attributes)" }
  }

  /// Beyond what single precision can tell apart.
  static let large = 1 << 40 + 1

  static let cases: [Case] = [
    Case(kind: "Div", inputs: [[-7, 7], [2]], expected: row(-3, 3)),
    Case(kind: "Mod", inputs: [[-7, 7, 7], [3, -3, 3]], expected: row(2, -2, 1)),
    Case(
      kind: "Mod", inputs: [[-7, 7, 7], [3, -3, 3]], attributes: ["fmod": .integer(1)],
      expected: row(-1, 1, 1)),
    Case(kind: "Pow", inputs: [[-2, 3, 1], [3, 2, .max]], expected: row(-8, 9, 1)),
    Case(kind: "Max", inputs: [[1, 5], [3], [2, 9]], expected: row(3, 9)),
    Case(kind: "Min", inputs: [[1, 5], [3]], expected: row(1, 3)),
    Case(kind: "Equal", inputs: [[large], [large + 1]], expected: row(0)),
    Case(kind: "Less", inputs: [[large], [large + 1]], expected: row(1)),
    Case(kind: "GreaterOrEqual", inputs: [[1, 2, 3], [2]], expected: row(0, 1, 1)),
    Case(kind: "And", inputs: [[0, 1, 1], [1, 1, 0]], expected: row(0, 1, 0)),
    Case(kind: "Or", inputs: [[0, 1, 0], [1, 1, 0]], expected: row(1, 1, 0)),
    Case(kind: "Xor", inputs: [[0, 1, 0], [1, 1, 0]], expected: row(1, 0, 0)),
    Case(kind: "Not", inputs: [[0, 1]], expected: row(1, 0)),
    Case(kind: "Neg", inputs: [[3, -2]], expected: row(-3, 2)),
    Case(kind: "Abs", inputs: [[3, -2]], expected: row(3, 2)),
    Case(kind: "Sign", inputs: [[3, -2, 0]], expected: row(1, -1, 0)),
    Case(kind: "Range", inputs: [[1], [8], [3]], expected: row(1, 4, 7)),
    Case(kind: "Range", inputs: [[5], [-1], [-3]], expected: row(5, 2)),
    Case(kind: "Range", inputs: [[5], [1], [2]], expected: Tensor([], shape: [0])),
    Case(kind: "ReduceProd", inputs: [[2, 3, 7]], expected: row(42)),
    Case(
      kind: "ReduceSum", inputs: [[2, 3, 7]], attributes: ["keepdims": .integer(0)],
      expected: Tensor([12], shape: [])),
    Case(kind: "ReduceMax", inputs: [[2, 9, 7]], expected: row(9)),
    Case(kind: "ReduceMin", inputs: [[2, 9, 7]], expected: row(2)),
    Case(kind: "ReduceMean", inputs: [[2, 9, 6]], expected: row(5)),
    Case(kind: "CumSum", inputs: [[1, 2, 3], [0]], expected: row(1, 3, 6)),
    Case(
      kind: "CumSum", inputs: [[1, 2, 3], [-1]],
      attributes: ["exclusive": .integer(1), "reverse": .integer(1)], expected: row(5, 3, 0)),
    Case(kind: "NonZero", inputs: [[0, 4, 0, 1]], expected: Tensor([1, 3], shape: [1, 2])),
    Case(kind: "Where", inputs: [[1, 0, 1], [1, 2, 3], [9]], expected: row(1, 9, 3)),
    Case(
      kind: "Expand", inputs: [[1, 2], [2, 1]], expected: Tensor([1, 2, 1, 2], shape: [2, 2])),
    Case(kind: "Tile", inputs: [[1, 2], [2]], expected: row(1, 2, 1, 2)),
    Case(kind: "Gather", inputs: [[5, 6, 7], [-1, 0]], expected: row(7, 5)),
    Case(kind: "GatherElements", inputs: [[5, 6, 7], [2, -3]], expected: row(7, 5)),
    Case(kind: "GatherND", inputs: [[5, 6, 7], [1]], expected: Tensor([6], shape: [])),
    Case(kind: "ScatterElements", inputs: [[5, 6, 7], [2, -3], [8, 9]], expected: row(9, 6, 8)),
    Case(
      kind: "ScatterElements", inputs: [[5, 6], [1, 1], [2, 3]],
      attributes: ["reduction": .text("mul")], expected: row(5, 36)),
    Case(kind: "Cast", inputs: [[3, 0]], attributes: ["to": .integer(9)], expected: row(1, 0)),
  ]

  static func row(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count]) }

  @Test(arguments: cases) func `whole numbers are computed exactly`(_ subject: Case) throws {
    let found = try constant(subject.kind, subject.inputs, subject.attributes)
    #expect(found.shape == subject.expected.shape)
    #expect(found.scalars == subject.expected.scalars)
  }

  static let refused: [(String, [[Int]], says: String)] = [
    ("Add", [[.max], [1]], "whole numbers overflow"),
    ("Div", [[1], [0]], "divided by zero"),
    ("Div", [[.min], [-1]], "whole numbers overflow"),
    ("Mod", [[1], [0]], "divided by zero"),
    ("Mod", [[.min], [-1]], "whole numbers overflow"),
    ("Neg", [[.min]], "whole numbers overflow"),
    ("Abs", [[.min]], "whole numbers overflow"),
    ("Pow", [[10], [19]], "whole numbers overflow"),
    ("Pow", [[10], [-1]], "whole numbers overflow"),
    ("ReduceProd", [[.max, 2]], "whole numbers overflow"),
    ("CumSum", [[.max, 1], [0]], "whole numbers overflow"),
    ("CumSum", [[1, 1], [1]], "axis 1 does not exist"),
    ("Range", [[0], [.max], [1]], "which is too long"),
    ("Range", [[.min], [.max], [1]], "which is too long"),
    ("Range", [[0], [1], [0]], "which is too long"),
    ("Range", [[0], [.min], [-1]], "which is too long"),
    ("Expand", [[1, 2], [3]], "cannot be repeated to"),
    ("Expand", [[1], [.max]], "is no shape, or too large"),
    ("Tile", [[1, 2], [.max]], "are none, or too large"),
    ("Tile", [[1, 2], [-1]], "are none, or too large"),
    ("Gather", [[1, 2], [2]], "what lies outside"),
    ("GatherElements", [[1, 2], [-3]], "what lies outside"),
    ("GatherND", [[1, 2], [0, 1]], "do not fit"),
    ("ScatterElements", [[1, 2], [2], [9]], "what lies outside"),
    ("ScatterElements", [[1, 2], [1], [9, 9]], "are not one for each index"),
    ("ScatterND", [[1, 2], [0, 1], [9]], "do not fit"),
    ("ScatterND", [[1, 2], [1], [9]], "as the indices have it"),
    ("Where", [[1, 0, 1], [1, 2], [9]], "cannot be broadcast together"),
  ]

  @Test(arguments: refused.indices) func `what has no value is refused`(index: Int) throws {
    let (kind, inputs, sentence) = Self.refused[index]
    let error = #expect(throws: ModelError.self) { try constant(kind, inputs, [:]) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(sentence), "\(error.map { "\($0)" } ?? "")")
  }

  /// Rows of [[0, 1], [2, 3], [4, 5]] and what stands there then.
  static let scattered: [(reduction: String, last: [Float])] = [
    ("none", [10, 1]), ("add", [34, 6]), ("mul", [800, 0]), ("min", [4, 0]), ("max", [20, 5]),
  ]

  @Test(arguments: scattered.indices) func `blocks are put where indices say`(
    index: Int
  ) throws {
    let (reduction, last) = Self.scattered[index]
    for isWhole in [true, false] {
      var model = ONNXTestModel(input: ["1"])
      model.opset = 18
      if isWhole {
        model.constant("rows", Array(0..<6), shape: [3, 2])
        model.constant("updates", [20, 0, 10, 1], shape: [2, 2])
      } else {
        model.constant("rows", (0..<6).map { Float($0) }, [3, 2])
        model.constant("updates", [20, 0, 10, 1], [2, 2])
      }
      model.constant("indices", [2, -1], shape: [2, 1])
      model.node(
        "ScatterND", ["rows", "indices", "updates"], ["y"], ["reduction": .text(reduction)])
      let output = try #require(try GraphFile(onnx: model.bytes).outputs.first)
      guard case .constant(let value) = output.output else {
        Issue.record("not computed")
        return
      }
      #expect(value.scalars == [0, 1, 2, 3] + last)
    }
  }

  @Test func `real numbers are computed by layers`() throws {
    var model = ONNXTestModel(input: ["1"])
    model.node("ReduceLogSumExp", ["a"], ["s"])
    model.node("Floor", ["s"], ["y"])
    model.constant("a", [1000, 1000], [2])
    let output = try #require(try GraphFile(onnx: model.bytes).outputs.first)
    guard case .constant(let value) = output.output else {
      Issue.record("not computed")
      return
    }
    #expect(value.scalars == [1000])
  }

  /// The output of one node that reads constants.
  private func constant(
    _ kind: String, _ inputs: [[Int]],
    _ attributes: [String: ONNXTestModel.Attribute]
  ) throws -> Tensor {
    var model = ONNXTestModel(input: ["1"])
    for (index, values) in inputs.enumerated() { model.constant("c\(index)", values) }
    model.node(kind, inputs.indices.map { "c\($0)" }, ["y"], attributes)
    let output = try #require(try GraphFile(onnx: model.bytes).outputs.first)
    guard case .constant(let value) = output.output else {
      Issue.record("not computed")
      return Tensor([], shape: [0])
    }
    return value
  }

  @Test(arguments: [
    ("ReduceSum", 0), ("ReduceProd", 1), ("ReduceMax", -Float.infinity), ("ReduceMin", .infinity),
    ("ReduceL2", 0), ("ReduceLogSumExp", -.infinity),
  ]) func `nothing is reduced to what changes nothing`(kind: String, expected: Float) throws {
    var model = ONNXTestModel(input: ["1"])
    model.node(
      kind, ["nothing", kind == "ReduceSum" ? "axes" : ""], ["y"],
      kind == "ReduceSum" ? [:] : ["axes": .integers([1])])
    model.constant("nothing", [], [2, 0])
    model.constant("axes", [1])
    let output = try #require(try GraphFile(onnx: model.bytes).outputs.first)
    guard case .constant(let value) = output.output else {
      Issue.record("not computed")
      return
    }
    #expect(value.scalars == [expected, expected])
  }

  @Test func `extents that would overflow beside a zero are refused`() {
    var model = ONNXTestModel(input: ["1"])
    model.node("Transpose", ["c"], ["y"])
    model.constant("c", [], [0, .max, .max])
    #expect(throws: ModelError.self) { try GraphFile(onnx: model.bytes) }
  }
}

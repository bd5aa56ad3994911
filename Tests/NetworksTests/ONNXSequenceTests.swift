import Kernels
import Networks
import Tensors
import Testing

/// Sequences of tensors, which are gone once a file is read.
struct ONNXSequenceTests {
  /// What stands between the sequence `s` of `[0, 1]`, `[2, 3]` and `[4]` and the output `y`.
  static let ends: [(String, expected: [Float], add: @Sendable (inout ONNXTestModel) -> Void)] = [
    ("at", [2, 3], { $0.node("SequenceAt", ["s", "one"], ["y"]) }),
    ("at the end", [4], { $0.node("SequenceAt", ["s", "last"], ["y"]) }),
    ("length", [3], { $0.node("SequenceLength", ["s"], ["y"]) }),
    (
      "joined", [0, 1, 2, 3, 4],
      { $0.node("ConcatFromSequence", ["s"], ["y"], ["axis": .integer(0)]) }
    ),
    (
      "shortened", [0, 1, 4],
      {
        $0.node("SequenceErase", ["s", "one"], ["t"])
        $0.node("ConcatFromSequence", ["t"], ["y"], ["axis": .integer(-1)])
      }
    ),
    (
      "lengthened", [0, 1, 2, 3, 1, 4],
      {
        $0.node("SequenceInsert", ["s", "one", "last"], ["t"])
        $0.node("Identity", ["t"], ["u"])
        $0.node("ConcatFromSequence", ["u"], ["y"], ["axis": .integer(0)])
      }
    ),
    (
      "piled", [2, 2, 3, 3],
      {
        $0.node("SequenceAt", ["s", "one"], ["p"])
        $0.node("SequenceConstruct", ["p", "p"], ["t"])
        $0.node(
          "ConcatFromSequence", ["t"], ["y"], ["axis": .integer(1), "new_axis": .integer(1)])
      }
    ),
    (
      "single", [3],
      {
        $0.node(
          "SplitToSequence", ["c"], ["t"], ["keepdims": .integer(0), "axis": .integer(-1)])
        $0.node("SequenceAt", ["t", "three"], ["y"])
      }
    ),
  ]

  static func model(computed: Bool = false) -> ONNXTestModel {
    var model = ONNXTestModel(input: ["5"])
    model.opset = 13
    model.constant("c0", Array(0..<5))
    model.constant("two", [2], shape: [])
    model.constant("one", [1])
    model.constant("three", [3])
    model.constant("last", [-1])
    model.node("Identity", [computed ? "x" : "c0"], ["c"])
    model.node("SplitToSequence", ["c", "two"], ["s"])
    return model
  }

  @Test(arguments: ends.indices) func `sequences are taken apart as the standard has it`(
    index: Int
  ) throws {
    let (_, expected, add) = Self.ends[index]
    for computed in [false, true] {
      var model = Self.model(computed: computed)
      add(&model)
      let (value, _) = try outcome(model, of: Tensor([0, 1, 2, 3, 4], shape: [5]))
      #expect(value.scalars == expected)
    }
  }

  @Test func `parts of a list's sizes keep their axis`() throws {
    var model = Self.model(computed: true)
    model.constant("sizes", [1, 0, 4])
    model.node("SplitToSequence", ["x", "sizes"], ["t"], ["keepdims": .integer(0)])
    model.node("SequenceAt", ["t", "last"], ["y"])
    let (value, layers) = try outcome(model, of: Tensor([0, 1, 2, 3, 4], shape: [5]))
    #expect(value.shape == [4])
    #expect(layers.contains("t/2"))
  }

  static let refused: [(kind: String, inputs: [String], says: String)] = [
    ("Relu", ["s"], "takes no sequence of tensors, which 's' is"),
    ("SequenceConstruct", ["s"], "takes no sequence of tensors"),
    ("Shape", ["s"], "takes no sequence of tensors"),
    ("SequenceAt", ["c", "one"], "'c0' is one tensor, expected a sequence"),
    ("SequenceAt", ["s", "three"], "no one place of the 3"),
    ("SequenceAt", ["s", "c"], "no one place of the 3"),
    ("SequenceAt", ["s"], "position (input 1) are missing"),
    ("SequenceInsert", ["s", "s"], "puts a sequence into a sequence"),
    ("ConcatFromSequence", ["s"], "along no axis"),
    ("SplitToSequence", ["c", "c"], "do not make 5"),
    ("SplitToSequence", ["c", "none"], "cannot be had"),
    ("Identity", ["s"], "is a sequence of tensors"),
    ("SequenceMap", ["s"], "Control flow comes from"),
  ]

  @Test(arguments: refused.indices) func `what is no sequence, or one only, is refused`(
    index: Int
  ) throws {
    let (kind, inputs, sentence) = Self.refused[index]
    var model = Self.model()
    model.constant("none", [0], shape: [])
    model.node(kind, inputs, ["y"])
    let error = #expect(throws: ModelError.self) { try GraphFile(onnx: model.bytes) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(sentence), "\(error.map { "\($0)" } ?? "")")
  }
}

/// The first output of a graph for an input, and the names of its layers.
func outcome(
  _ model: ONNXTestModel, of input: Tensor
) throws -> (value: Tensor, layers: Set<String>) {
  let file = try GraphFile(onnx: model.bytes)
  let layers = Set(file.graph.nodes.map(\.name.description))
  switch try #require(file.outputs.first).output {
  case .constant(let value): return (value, layers)
  case .layer(let name):
    let trace = CompiledGraph(file.graph, engine: .portable).trace(
      input.reshaped(to: Shape([1] + file.graph.inputShape.extents)),
      for: TraceRequest(reading: [name]))
    return (trace[name], layers)
  }
}

import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import Testing

@Suite struct ModelFileTests {
  /// One picture of the size that `ONNXTestModel` takes, values 0, 0.1, 0.2, …
  static let picture = Tensor((0..<32).map { Float($0) / 10 }, shape: [1, 2, 4, 4])

  func scores(_ model: ONNXTestModel, for picture: Tensor = picture) throws -> [Float] {
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network, engine: .portable)
    return network.logits(for: picture).scalars
  }

  /// The sentence that a model is refused with.
  func refusal(_ model: ONNXTestModel, inputSize: PixelSize? = nil) throws -> ModelError {
    try #require(throws: ModelError.self) { try ModelFile(onnx: model.bytes, inputSize: inputSize) }
  }

  // MARK: - The graph

  @Test func `identity and dropout leave no layer, and names stay those of the file`() throws {
    var model = ONNXTestModel.dense(from: "dropped")
    model.node("Identity", ["x"], ["same"])
    model.node("Dropout", ["same"], ["dropped", "mask"])
    let network = try ModelFile(onnx: model.bytes).network
    #expect(network.nodes.map(\.name) == ["flat", "y"])
    #expect(network.nodes[0].inputs == ["x"])
  }

  @Test func `nodes in any order are sorted`() throws {
    var model = ONNXTestModel.dense(from: "late")
    model.node("Relu", ["x"], ["late"])
    let network = try ModelFile(onnx: model.bytes).network
    #expect(network.nodes.map(\.name) == ["late", "flat", "y"])
  }

  @Test func `what the scores do not need is left out`() throws {
    var model = ONNXTestModel.dense()
    model.node("Relu", ["x"], ["aside"])
    model.node("NoSuchOperator", ["aside"], ["further"])
    #expect(try ModelFile(onnx: model.bytes).network.nodes.count == 2)
  }

  @Test func `all unsupported nodes are named at once`() throws {
    var model = ONNXTestModel.dense(from: "c")
    model.node("Erosion", ["x"], ["a"])
    model.node("Relu", ["a"], ["r"])
    model.node("Erosion", ["r"], ["b"])
    model.node("Spin", ["b"], ["c"])
    let error = try refusal(model)
    #expect(error.kind == .unsupported)
    #expect(
      error.reason.hasPrefix(
        "uses nodes that cannot be read: Erosion ×2, Spin ×1, at node 'node_a' (Erosion); "
          + "node 'node_b' (Erosion); node 'node_c' (Spin). Exporting with operator set"))
    #expect(error.findings.map(\.node) == ["node_a", "node_b", "node_c"])
  }

  @Test func `nodes that ask for too much are named beside unknown ones, with advice`() throws {
    var model = ONNXTestModel.dense(from: "c")
    model.node("Flatten", ["x"], ["a"], ["axis": .integer(7)])
    model.node("Relu", ["a"], ["r"])
    model.node("TopK", ["x"], ["b"])
    model.node("Add", ["b", "r"], ["c"])
    let error = try refusal(model)
    #expect(error.findings.map(\.kind) == ["Flatten", "TopK"])
    #expect(error.findings[0].reason == "axis 7 does not exist in 4 dimensions")
    #expect(error.findings[1].advice?.contains("cut the graph at the class scores") == true)
  }

  @Test func `graphs that contradict themselves are refused with the place`() throws {
    var cycle = ONNXTestModel.dense(from: "a")
    cycle.node("Relu", ["b"], ["a"])
    cycle.node("Add", ["x", "a"], ["b"])
    #expect(try refusal(cycle).reason.contains("depends on itself"))

    var missing = ONNXTestModel.dense(from: "a")
    missing.node("Add", ["x", "nothing"], ["a"])
    #expect(
      try refusal(missing).reason == "node 'node_a' (Add) reads 'nothing', which nothing produces")

    var double = ONNXTestModel.dense(from: "a")
    double.node("Relu", ["x"], ["a"])
    double.node("Relu", ["a"], ["flat"])
    #expect(try refusal(double).reason == "two values of the graph are called 'flat'")

    var reserved = ONNXTestModel.dense(from: "@logits")
    reserved.node("Relu", ["x"], ["@logits"])
    #expect(try refusal(reserved).reason.contains("'@logits'; names with @ are reserved"))

    var mask = ONNXTestModel.dense(from: "mask")
    mask.node("Dropout", ["x"], ["a", "mask"])
    #expect(try refusal(mask).reason.contains("reads 'mask', a second output"))

    var apart = ONNXTestModel.dense()
    apart.outputs = [ONNXTestModel.valueInfo("w", ["3"], 1)]
    #expect(try refusal(apart).reason == "the output 'w' does not depend on the picture")
  }

  // MARK: - Input and output

  @Test func `an open size must be chosen, and a fixed one cannot be`() throws {
    let open = ONNXTestModel.dense(["batch", "2", "height", "width"])
    let error = try refusal(open)
    #expect(error.kind == .choice)
    #expect(
      error.reason.contains("[batch, 2, height, width], which leaves the picture's size open"))
    let file = try ModelFile(onnx: open.bytes, inputSize: PixelSize(side: 4))
    #expect(file.network.inputShape == [2, 4, 4])
    #expect(try refusal(.dense(), inputSize: PixelSize(side: 5)).kind == .choice)
  }

  @Test(arguments: [["N", "C", "4", "4"], ["N", "32"], ["N", "2", "4", "4", "1"], []])
  func `an input that is no picture is refused`(extents: [String]) throws {
    #expect(try refusal(.dense(extents)).reason.hasPrefix("the input 'x' is ["))
  }

  @Test func `whole numbers as input are refused`() throws {
    var model = ONNXTestModel.dense()
    model.inputs = [ONNXTestModel.valueInfo("x", ["N", "2", "4", "4"], 2)]
    #expect(try refusal(model).reason.contains("takes whole numbers"))
  }

  @Test func `a softmax is taken off the end, through reshapes, and stays inside`() throws {
    var model = ONNXTestModel(output: "flat")
    model.node("Softmax", ["x"], ["inner"], ["axis": .integer(1)])
    model.node("Conv", ["inner", "w"], ["scores"])
    model.node("LogSoftmax", ["scores"], ["logs"], ["axis": .integer(1)])
    model.node("Squeeze", ["logs", "axes"], ["flat"])
    model.constant("axes", [2, 3])
    model.constant("w", [Float](repeating: 0.5, count: 96), [3, 2, 4, 4])
    let file = try ModelFile(onnx: model.bytes)
    #expect(file.notes == [.softmaxPeeled("logs")])
    #expect(file.network.nodes.map(\.name) == ["inner", "scores", "scores/flat"])
    #expect(file.network.logits == "scores/flat")
  }

  @Test func `the first output with class scores is chosen`() throws {
    var model = ONNXTestModel.dense()
    model.node("Relu", ["x"], ["features"])
    model.outputs = ["features", "y", "flat"].map { ONNXTestModel.valueInfo($0, [], 1) }
    let file = try ModelFile(onnx: model.bytes)
    #expect(file.network.logits == "y")
    #expect(file.notes == [.outputChosen("y", ignored: ["features", "flat"])])
  }

  @Test func `a graph that mixes the batch runs one picture at a time`() throws {
    var model = ONNXTestModel.dense(["1", "2", "4", "4"], from: "whole")
    model.node("Reshape", ["x", "halves"], ["split"])
    model.node("Relu", ["split"], ["r"])
    model.node("Reshape", ["r", "one"], ["whole"])
    model.constant("halves", [2, 1, 4, 4])
    model.constant("one", [1, 2, 4, 4])
    let file = try ModelFile(onnx: model.bytes)
    #expect(!file.network.isBatchable)
    #expect(file.notes == [.runsSingly])
    #expect(try scores(model) == (try scores(.dense())))
  }

  @Test(arguments: [#"["cat", "dog", "zebra"]"#, "cat\ndog\nzebra\n"])
  func `labels come from the file`(text: String) throws {
    var model = ONNXTestModel.dense()
    model.metadata = [("author", "nobody"), ("labels", text)]
    let file = try ModelFile(onnx: model.bytes)
    #expect(file.network.labels == ["cat", "dog", "zebra"])
    #expect(file.metadata["author"] == "nobody")
  }

  @Test func `labels that do not fit are ignored and said so`() throws {
    var model = ONNXTestModel.dense()
    model.metadata = [("labels", "cat\ndog")]
    let file = try ModelFile(onnx: model.bytes)
    #expect(file.network.labels == [])
    #expect(
      file.notes == [.labelsIgnored("2 labels for 3 classes; there must be one for each")])
  }

  // MARK: - Operators

  @Test func `before operator set 7 the second operand is laid along a given axis`() throws {
    var model = ONNXTestModel.dense(from: "a")
    model.opset = 6
    model.node("Add", ["x", "b"], ["a"], ["axis": .integer(1), "broadcast": .integer(1)])
    model.constant("b", [0, 100], [2])
    var shifted = Self.picture
    for index in 16..<32 { shifted[index] += 100 }
    let expected = try scores(.dense(), for: shifted)
    #expect(try scores(model) == expected)
  }

  /// Operators that cannot be what a node asks for, and what the sentence says.
  static let refused: [(String, [String: ONNXTestModel.Attribute], says: String)] = [
    ("Gemm", ["transA": .integer(1)], "expects [N, D], found [1, 2, 4, 4]"),
    ("Pad", ["mode": .text("mirror")], "pads in mode 'mirror', which is unknown"),
    ("Pad", ["pads": .integers([1, 0])], "2 pads do not fit 4 axes"),
    ("Pad", ["pads": .integers([1, 0, 0, 0, 0, 0, 0, 0])], "cannot pad the batch"),
    (
      "Pad", ["pads": .integers([0, 0, 0, 0, 0, 0, .max, 0])],
      "padding of 0 and 9223372036854775807"
    ),
    ("MaxPool", [:], "its kernel_shape is missing"),
    ("MaxPool", ["kernel_shape": .integers([0, 2])], "no window has 0 taps at stride 1"),
    (
      "MaxPool", ["kernel_shape": .integers([2, 2]), "strides": .integers([1, 0])],
      "no window has 2 taps at stride 0"
    ),
    (
      "MaxPool", ["kernel_shape": .integers([2, 2]), "dilations": .integers([-1, 1])],
      "no window has 2 taps at stride 1, dilated by -1"
    ),
    (
      "MaxPool", ["kernel_shape": .integers([5, 5])],
      "a window of 5x5 does not fit into [1, 2, 4, 4]"
    ),
    (
      "AveragePool", ["kernel_shape": .integers([2, 2]), "pads": .integers([2, 0, 0, 0])],
      "padding of 2 is not smaller than the window of 2"
    ),
    (
      "MaxPool",
      [
        "kernel_shape": .integers([2, 2]), "dilations": .integers([7, 7]),
        "pads": .integers([2, 2, 2, 2]),
      ], "some windows see nothing but padding"
    ),
    (
      "MaxPool", ["kernel_shape": .float(2)],
      "attribute 'kernel_shape' is a number, expected a list"
    ),
    ("Conv", ["auto_pad": .text("SAME")], "auto_pad 'SAME' is unknown"),
    ("Conv", ["group": .integer(2)], "take 4 channels, found [1, 2, 4, 4]"),
    ("Conv", ["group": .integer(0)], "0 groups do not divide 2 output channels"),
    ("Transpose", ["perm": .integers([0, 1, 1, 2])], "does not order the axes of [1, 2, 4, 4]"),
    ("Concat", ["axis": .integer(4)], "axis 4 does not exist in 4 dimensions"),
    ("Softmax", ["axis": .integer(4)], "axis 4 does not exist in 4 dimensions"),
    ("Cast", ["to": .integer(7)], "casts the picture's values to whole numbers"),
    (
      "Slice",
      ["starts": .integers([0, 0]), "ends": .integers([1, 1]), "axes": .integers([1, -3])],
      "slices axis 1 twice"
    ),
    ("Squeeze", ["axes": .integers([1])], "cannot remove axis 1 of [1, 2, 4, 4]"),
    ("Unsqueeze", ["axes": .integers([9])], "axis 9 does not exist in 5 dimensions"),
    ("Flatten", ["axis": .integer(.min)], "does not exist in 4 dimensions"),
    ("Reshape", ["shape": .integers([-1, -1])], "cannot be seen as [-1, -1]"),
    ("Reshape", ["shape": .integers([1, 5])], "[1, 2, 4, 4] cannot be seen as [1, 5]"),
    ("Reshape", ["shape": .integers([.max, .max])], "is no shape"),
    ("NonZero", [:], "can only be computed from constants"),
  ]

  @Test(arguments: refused.indices)
  func `what a layer cannot do is refused with the node and the reason`(index: Int) throws {
    let (kind, attributes, says) = Self.refused[index]
    var model = ONNXTestModel.dense(from: "layer")
    model.opset = 9
    model.node(kind, ["Conv", "Gemm"].contains(kind) ? ["x", "k"] : ["x"], ["layer"], attributes)
    model.constant("k", [1, 2, 3, 4], [2, 2, 1, 1])
    let reason = try refusal(model).reason
    #expect(reason.hasPrefix("node 'node_layer' (\(kind)): "))
    #expect(reason.contains(says))
  }

  @Test func `pictures of three dimensions are refused`() throws {
    var model = ONNXTestModel.dense(from: "c")
    model.node("Reshape", ["x", "cube"], ["l"])
    model.node("Conv", ["l", "k"], ["c"])
    model.constant("cube", [0, 2, 4, 2, 2])
    model.constant("k", [1, 2, 3, 4], [2, 2, 1, 1, 1])
    #expect(try refusal(model).reason.contains("only pictures [N, C, H, W] and lines [N, C, L]"))
  }

  @Test func `weights that depend on the picture are refused`() throws {
    var model = ONNXTestModel.dense(from: "c")
    model.node("Conv", ["x", "x"], ["c"])
    #expect(try refusal(model).reason.contains("its weights 'x' depend on the picture"))
  }

  @Test func `more dimensions than are of use are refused`() throws {
    var model = ONNXTestModel.dense(from: "r")
    model.node("Reshape", ["x", "shape"], ["r"])
    model.constant("shape", [Int](repeating: 1, count: 32) + [32])
    #expect(try refusal(model).reason.contains("gives 33 dimensions; at most 32 are accepted"))
  }

  @Test func `sizes beyond the limit are refused before they are computed`() throws {
    var model = ONNXTestModel.dense(from: "p")
    model.node("Pad", ["x", "pads"], ["p"])
    model.constant("pads", [0, 0, 0, 0, 0, 0, 1 << 20, 1 << 20])
    #expect(try refusal(model).reason.contains("from 1 to 268435456 elements are accepted"))

    var filled = ONNXTestModel.dense(from: "a")
    filled.node("ConstantOfShape", ["huge"], ["c"])
    filled.node("Add", ["x", "c"], ["a"])
    filled.constant("huge", [1 << 31, 1 << 31])
    #expect(try refusal(filled).reason.contains("none, or too large"))
  }
}

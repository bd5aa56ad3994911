import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Nodes that slide a window, read from ONNX over lines, and against values worked out by hand.
struct SlidingWindowTests {
  typealias Attributes = [String: ONNXTestModel.Attribute]

  /// What a node makes of the line 1, 2, 3, 4, 5 as `[N, 1, 5]`.
  static func line(
    _ kind: String, _ attributes: Attributes, weights: [Float]? = nil, bias: Float? = nil,
    opset: Int = 19
  ) throws -> [Float] {
    var model = ONNXTestModel(input: ["N", "1", "1", "5"])
    model.opset = opset
    model.node("Reshape", ["x", "line"], ["l"])
    model.constant("line", [0, 1, 5])
    var inputs = ["l"]
    if let weights {
      model.constant("w", weights, [1, 1, weights.count])
      inputs.append("w")
    }
    if let bias {
      model.constant("b", [bias], [1])
      inputs.append("b")
    }
    model.node(kind, inputs, ["z"], attributes)
    model.node("Flatten", ["z"], ["y"])
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
    // Two items, so that the batch must stay where it is.
    let items = Tensor([1, 2, 3, 4, 5, 2, 4, 6, 8, 10], shape: [2, 1, 1, 5])
    let found = network.logits(for: items)
    if bias == nil { #expect(found.item(1) == 2 * found.item(0)) }
    return found.item(0).scalars
  }

  @Test func `a convolution slides along a line`() throws {
    #expect(try Self.line("Conv", [:], weights: [1, 0, -1]) == [-2, -2, -2])
    #expect(
      try Self.line("Conv", ["pads": .integers([1, 0])], weights: [1, 10], bias: 0.5)
        == [10.5, 21.5, 32.5, 43.5, 54.5])
    #expect(
      try Self.line(
        "Conv", ["auto_pad": .text("SAME_UPPER"), "strides": .integers([2])], weights: [1, 10, 100])
        == [210, 432, 54])
    #expect(
      try Self.line("Conv", ["dilations": .integers([2])], weights: [1, 10]) == [31, 42, 53])
  }

  @Test func `a transposed convolution spreads a line`() throws {
    let stride: Attributes = ["strides": .integers([2])]
    let spread: [Float] = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50]
    func found(_ more: Attributes, weights: [Float] = [1, 10], bias: Float? = nil) throws -> [Float]
    {
      try Self.line(
        "ConvTranspose", stride.merging(more) { $1 }, weights: weights, bias: bias)
    }
    #expect(try found([:]) == spread)
    #expect(try found(["pads": .integers([1, 2])]) == Array(spread[1...7]))
    #expect(
      try found(["output_padding": .integers([1])], bias: 0.5) == (spread + [0]).map { $0 + 0.5 })
    #expect(try found(["pads": .integers([0, 1]), "output_padding": .integers([1])]) == spread)
    // Of three elements cut away, the odd one goes behind in SAME_UPPER, in front otherwise.
    let cut: Attributes = ["output_shape": .integers([7])]
    #expect(try found(cut) == Array(spread[2...8]))
    #expect(
      try found(cut.merging(["auto_pad": .text("SAME_UPPER")]) { $1 }) == Array(spread[1...7]))
    #expect(try found(["output_shape": .integers([12])]) == spread + [0, 0])
    #expect(
      try found(["auto_pad": .text("SAME_UPPER")], weights: [1, 0, 10])
        == [1, 0, 12, 0, 23, 0, 34, 0, 45, 0])
    #expect(
      try found(["auto_pad": .text("SAME_LOWER")], weights: [1, 0, 10])
        == [0, 12, 0, 23, 0, 34, 0, 45, 0, 50])
  }

  @Test func `what makes no transposed convolution is refused`() throws {
    let refused: [(Attributes, String)] = [
      (["output_padding": .integers([-1])], "output_padding"),
      (["output_padding": .integers([.max])], "output_padding"),
      (["output_shape": .integers([0])], "output_shape"),
      (["output_shape": .integers([.max])], "output_shape"),
      (["pads": .integers([3, 3])], "is not possible"),
      (["auto_pad": .text("SAME_UPPER"), "strides": .integers([3])], "leaves gaps at stride 3"),
      (["strides": .integers([2, 2])], "not one number"),
      (["group": .integers([1])], "expected an integer"),
    ]
    for (attributes, reason) in refused {
      let error = #expect(throws: ModelError.self) {
        try Self.line("ConvTranspose", attributes, weights: [1, 10])
      }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
  }

  @Test func `pooling slides along a line`() throws {
    let two: Attributes = ["kernel_shape": .integers([2])]
    #expect(try Self.line("MaxPool", two) == [2, 3, 4, 5])
    #expect(try Self.line("AveragePool", two) == [1.5, 2.5, 3.5, 4.5])
    let padded = two.merging(["pads": .integers([1, 0]), "strides": .integers([2])]) { $1 }
    #expect(try Self.line("AveragePool", padded) == [1, 2.5, 4.5])
    let counted = padded.merging(["count_include_pad": .integer(1)]) { $1 }
    #expect(try Self.line("AveragePool", counted) == [0.5, 2.5, 4.5])
  }

  @Test func `lengths under windows have their exponent`() throws {
    let two: Attributes = ["kernel_shape": .integers([2]), "strides": .integers([2])]
    let squares = try Self.line("LpPool", two)
    #expect(
      zip(squares, [5, 25].map { Float($0).squareRoot() }).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(try Self.line("LpPool", two.merging(["p": .integer(1)]) { $1 }) == [3, 7])
    let up = two.merging(["p": .integer(1), "ceil_mode": .integer(1)]) { $1 }
    #expect(try Self.line("LpPool", up) == [3, 7, 5])
    #expect(throws: ModelError.self) {
      try Self.line("LpPool", two.merging(["p": .integer(0)]) { $1 })
    }
  }

  @Test func `whole planes have a largest value and a length`() throws {
    #expect(try Self.line("GlobalMaxPool", [:]) == [5])
    #expect(try Self.line("GlobalLpPool", ["p": .integer(1)]) == [15])
    let length = try Self.line("GlobalLpPool", [:])
    #expect(abs(length[0] - Float(55).squareRoot()) < 1e-6)
  }

  @Test func `channels and pixels change places`() throws {
    func moved(_ kind: String, _ input: Shape, _ attributes: Attributes) throws -> [Float] {
      var model = ONNXTestModel(input: ["N"] + input.extents.map { "\($0)" })
      model.node(kind, ["x"], ["z"], attributes.merging(["blocksize": .integer(2)]) { $1 })
      model.node("Flatten", ["z"], ["y"])
      let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
      let values = Tensor((0..<8).map { Float($0) }, shape: Shape([1] + input.extents))
      return network.logits(for: values).scalars
    }
    #expect(try moved("DepthToSpace", [8, 1, 1], [:]) == [0, 2, 4, 6, 1, 3, 5, 7])
    #expect(
      try moved("DepthToSpace", [8, 1, 1], ["mode": .text("CRD")]) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(try moved("SpaceToDepth", [2, 2, 2], [:]) == [0, 4, 1, 5, 2, 6, 3, 7])
    #expect(throws: ModelError.self) { try moved("DepthToSpace", [2, 2, 2], [:]) }
    #expect(throws: ModelError.self) {
      try moved("DepthToSpace", [8, 1, 1], ["mode": .text("RCD")])
    }
    #expect(throws: ModelError.self) { try moved("SpaceToDepth", [8, 1, 1], [:]) }
  }
}

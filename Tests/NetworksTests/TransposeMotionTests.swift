import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

@Suite struct TransposeMotionTests {
  static let last = Transpose(order: [0, 2, 3, 1])
  static let first = Transpose(order: [0, 3, 1, 2])

  static func convolution(_ from: Int, _ to: Int, seed: UInt64) throws -> Convolution2D {
    var random = TestRandom(seed)
    return try Convolution2D(
      weights: random.tensor([to, from, 3, 3]), window: SmallNetworks.window(3, before: 1))
  }

  static func constant(_ shape: Shape, seed: UInt64) -> Constant {
    var random = TestRandom(seed)
    return Constant(random.tensor(shape))
  }

  /// Two convolutions as frameworks with channels last export them: everything between them works
  /// on `[N, H, W, C]`.
  static func channelsLast() throws -> LayerGraph {
    try LayerGraph(
      input: "picture", inputShape: [3, 6, 5],
      nodes: [
        .init("x", last, of: ["picture"]),
        .init("means", constant([3], seed: 1), of: []),
        .init("centred", Subtract(), of: ["x", "means"]),
        .init("x1", first, of: ["centred"]),
        .init("conv1", try convolution(3, 4, seed: 2), of: ["x1"]),
        .init("y1", last, of: ["conv1"]),
        .init("bias", constant([4], seed: 3), of: []),
        .init("biased", Add(), of: ["y1", "bias"]),
        .init("relu", ReLU(), of: ["biased"]),
        .init("x2", first, of: ["relu"]),
        .init("conv2", try convolution(4, 4, seed: 4), of: ["x2"]),
        .init("y2", last, of: ["conv2"]),
        .init("sum", Add(), of: ["y2", "relu"]),
        .init("join", Concatenate(axis: 3), of: ["sum", "relu"]),
        .init("part", Slice([.init(axis: 3, start: 1, end: 7, step: 2)]), of: ["join"]),
        .init("soft", SoftmaxLayer(axis: 3), of: ["part"]),
        .init("x3", first, of: ["soft"]),
        .init("pooled", GlobalAveragePool(), of: ["x3"]),
        .init("y3", last, of: ["pooled"]),
        .init("scores", Reshape(item: [-1]), of: ["y3"]),
      ])
  }

  func scores(_ graph: LayerGraph, _ input: Tensor) -> Tensor {
    CompiledGraph(graph, engine: .portable).trace(input, for: TraceRequest(reading: ["scores"]))[
      "scores"]
  }

  @Test func `transposes round convolutions vanish, and the scores stay`() throws {
    let graph = try Self.channelsLast()
    let moved = try TransposeMotion.applied(to: graph, keeping: ["scores"])
    #expect(!moved.nodes.contains { $0.layer is Transpose })
    #expect(moved.shapes["relu"] == [1, 4, 6, 5])
    var random = TestRandom(9)
    let input = random.tensor([2, 3, 6, 5])
    #expect(relativeError(scores(moved, input), scores(graph, input)) < 1e-6)
  }

  @Test func `what cannot work in any order gets its transpose back, under its name`() throws {
    let graph = try LayerGraph(
      input: "picture", inputShape: [3, 2, 2],
      nodes: [
        .init("x", Self.last, of: ["picture"]),
        .init("relu", ReLU(), of: ["x"]),
        .init("y", Self.first, of: ["relu"]),
        .init("conv", try Self.convolution(3, 2, seed: 2), of: ["y"]),
        .init("z", Self.last, of: ["conv"]),
        .init("scores", Reshape(item: [-1]), of: ["z"]),
      ])
    let moved = try TransposeMotion.applied(to: graph, keeping: ["scores"])
    #expect(moved.nodes.map(\.name) == ["relu", "conv", "z", "scores"])
    let input = Tensor((0..<12).map { Float($0) - 5 }, shape: [1, 3, 2, 2])
    #expect(scores(moved, input) == scores(graph, input))
  }

  @Test func `a graph is left alone where nothing would be saved`() throws {
    let graph = try LayerGraph(
      input: "picture", inputShape: [3, 2, 2],
      nodes: [
        .init("x", Self.last, of: ["picture"]),
        .init("relu", ReLU(), of: ["x"]),
        .init("flat", Reshape(item: [-1]), of: ["relu"]),
        .init("y", Self.last, of: ["picture"]),
        .init("other", Reshape(item: [-1]), of: ["y"]),
        .init("scores", Add(), of: ["flat", "other"]),
      ])
    let moved = try TransposeMotion.applied(to: graph, keeping: ["scores"])
    #expect(moved.nodes.map(\.name) == graph.nodes.map(\.name))
  }
}

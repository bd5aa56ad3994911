import Networks
import Tensors
import TestSupport
import Testing

struct NetworkTests {
  @Test func `a layer that reads what comes later is refused by name`() {
    #expect(throws: NetworkError.self) {
      try Network(
        input: "x", inputShape: [1, 1, 2],
        nodes: [
          .init("a", ReLU(), of: ["b"]), .init("b", ReLU(), of: ["x"]),
          .init("scores", Reshape(item: [2]), of: ["a"]),
        ], logits: "scores")
    }
  }

  @Test func `two layers of one name are refused`() {
    #expect(throws: NetworkError.graph("two layers are called 'a'")) {
      try Network(
        input: "x", inputShape: [1, 1, 2],
        nodes: [.init("a", ReLU(), of: ["x"]), .init("a", ReLU(), of: ["x"])], logits: "a")
    }
  }

  @Test func `an unknown layer is answered with its neighbours`() throws {
    let network = try SmallNetworks.mixed()
    #expect(throws: NetworkError.unknownLayer("relu3", nearest: ["relu1", "relu2"])) {
      try network.resolve("relu3")
    }
    #expect(try network.resolve(.logits) == "scores")
  }

  @Test func `labels come one for each class`() throws {
    let network = try SmallNetworks.linear([[1], [2]], bias: [0, 0])
    #expect(throws: NetworkError.self) { try network.labeled(["only one"]) }
    #expect(try network.labeled(["a", "b"]).labels == ["a", "b"])
  }

  @Test func `a graph that fixes its batch still runs, one picture at a time`() throws {
    // A constant with a leading extent of its own cannot follow the batch.
    let network = try Network(
      input: "x", inputShape: [2, 2, 2],
      nodes: [
        .init("fixed", Constant(Tensor(repeating: 1, shape: [1, 2, 2, 2])), of: []),
        .init("join", Concatenate(axis: 1), of: ["x", "fixed"]),
        .init("scores", Reshape(item: [-1]), of: ["join"]),
      ], logits: "scores")
    #expect(!network.isBatchable)
    let model = CompiledNetwork(network)
    #expect(model.batchLimit == 1)
    #expect(model.logits(forAll: Tensor(zeros: [3, 2, 2, 2])).shape == [3, 16])
  }

  @Test func `operations and parameters are counted`() throws {
    let network = try SmallNetworks.linear([[1, 2, 3], [4, 5, 6]], bias: [0, 0])
    #expect(network.parameterCount == 8)
    #expect(network.summaries.last?.operations == 2 * (2 * 3 + 1))
  }
}

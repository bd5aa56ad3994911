import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// What a plan promises, whatever it shares memory between.
@Suite(.serialized) struct PlanTests {
  let network: Network
  let input: Tensor

  init() throws {
    network = try SmallNetworks.mixed()
    var random = TestRandom(9)
    input = random.tensor([4, 3, 16, 16], in: 0...1)
  }

  @Test(arguments: Engine.available)
  func `a picture's result does not depend on its batch mates`(_ engine: Engine) {
    let model = CompiledNetwork(network, engine: engine)
    let together = model.gradient(of: .logit(2), for: input)
    let swapped = Tensor.concatenating([input.item(3), input.item(1), input.item(0), input.item(2)])
    let shuffled = model.gradient(of: .logit(2), for: swapped)
    #expect(together.gradient.item(0) == shuffled.gradient.item(2))
    #expect(together.gradient.item(3) == shuffled.gradient.item(0))
    #expect(together.values[1] == shuffled.values[1])
  }

  @Test(arguments: Engine.available)
  func `batch and threads change no bit of a fully connected product, nor of its gradient`(
    _ engine: Engine
  ) throws {
    var random = TestRandom(17)
    let network = try Network(
      input: "x", inputShape: [2048, 1, 1],
      nodes: [
        .init("flat", Reshape(item: [2048]), of: ["x"]),
        .init(
          "scores",
          try Dense(
            weights: random.tensor([1000, 2048]), bias: random.tensor([1000]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
    let model = CompiledNetwork(network, engine: engine)
    let picture = random.tensor([1, 2048, 1, 1])
    let others = random.tensor([7, 2048, 1, 1])
    let expected = model.gradient(of: .margin(3, over: 999), for: picture)
    for threads in [1, 2] {
      ComputeThreads.setWidth(threads)
      for mates in [0, 3, 7] {
        let batch =
          mates == 0 ? picture : Tensor.concatenating([others.items(0..<mates), picture])
        let found = model.gradient(of: .margin(3, over: 999), for: batch)
        #expect(found.values.last == expected.values[0])
        #expect(found.gradient.item(mates) == expected.gradient)
        #expect(model.logits(for: batch).item(mates) == model.logits(for: picture))
      }
    }
    ComputeThreads.setWidth(1)
  }

  @Test(arguments: Engine.available)
  func `reading layers changes nothing else`(_ engine: Engine) {
    let model = CompiledNetwork(network, engine: engine)
    let plain = model.gradient(of: .logit(0), for: input)
    let every = Set(network.nodes.map(\.name))
    let request = TraceRequest(
      reading: every.union([.logits]), seeding: [.logits], gradients: every.union([.input]),
      sweeps: .many)
    let trace = model.trace(input, for: request)
    let (values, seeds) = Objective.logit(0).evaluate(trace)
    let first = trace.gradients(seeding: seeds)
    let second = trace.gradients(seeding: seeds)
    #expect(values == plain.values)
    #expect(first[.input] == plain.gradient)
    #expect(first == second)
    #expect(trace["relu1"].shape == [4, 8, 16, 16])
  }

  @Test(arguments: Engine.available)
  func `a seed inside the network adds to one at its end`(_ engine: Engine) {
    let model = CompiledNetwork(network, engine: engine)
    var random = TestRandom(4)
    let inner = random.tensor([4, 8, 8, 8])
    let outer = random.tensor([4, 5])
    let request = TraceRequest(
      reading: [], seeding: [.logits, "sum"], gradients: [.input], sweeps: .many)
    let trace = model.trace(input, for: request)
    let both = trace.gradient(seeding: [.logits: outer, "sum": inner])
    let apart =
      trace.gradient(seeding: [.logits: outer]) + trace.gradient(seeding: ["sum": inner])
    // Two roundings of each partial sum.
    #expect(relativeError(both, apart) < 1e-5)
  }

  @Test func `a layer that the seeds do not depend on has a zero gradient`() {
    let model = CompiledNetwork(network)
    let request = TraceRequest(reading: [], seeding: ["conv1"], gradients: ["join", .input])
    let trace = model.trace(input, for: request)
    let gradients = trace.gradients(
      seeding: ["conv1": Tensor(repeating: 1, shape: [4, 8, 16, 16])])
    #expect(gradients["join"] == Tensor(zeros: [4, 8, 8, 8]))
    #expect((gradients[.input]?.largestMagnitude ?? 0) > 0)
  }

  @Test func `a gradient at the seeded layer is the seed`() {
    let model = CompiledNetwork(network)
    var random = TestRandom(8)
    let seed = random.tensor([4, 5])
    let request = TraceRequest(reading: [], seeding: [.logits], gradients: [.logits])
    let trace = model.trace(input, for: request)
    #expect(trace.gradient(seeding: [.logits: seed], at: .logits) == seed)
  }

  @Test func `engines agree`() {
    let results = Engine.available.map { engine in
      CompiledNetwork(network, engine: engine).gradient(of: .margin(1, over: 3), for: input)
    }
    for result in results.dropFirst() {
      // Sums of a hundred terms in another order.
      #expect(relativeError(result.gradient, results[0].gradient) < 1e-5)
    }
  }

  @Test func `memory is shared between values that never meet`() throws {
    let model = CompiledNetwork(network)
    let forward = try model.byteCount(of: TraceRequest(), batch: 16)
    let all = try model.byteCount(
      of: TraceRequest(reading: Set(network.nodes.map(\.name))), batch: 16)
    #expect(forward < all * 2 / 3)
  }

  @Test(arguments: Engine.available)
  func `masks of gates are kept for the way back alone`(_ engine: Engine) throws {
    let model = CompiledNetwork(network, engine: engine)
    func kernels(_ request: TraceRequest) throws -> [String] {
      try model.profile(request, for: input, rounds: 0).lines.map(\.kernel)
    }
    let every = Set(network.nodes.map(\.name))
    for request in [TraceRequest(), TraceRequest(reading: every)] {
      let forward = try kernels(request)
      #expect(!forward.isEmpty)
      #expect(!forward.contains { $0.hasPrefix("GateMask") })
    }
    let both = try kernels(TraceRequest(seeding: [.logits], gradients: [.input]))
    #expect(both.contains { $0.hasPrefix("GateMask") })
  }

  @Test func `the guided rule lets only positive cotangents through active rectifiers`() throws {
    let network = try Network(
      input: "x", inputShape: [1, 1, 4],
      nodes: [
        .init("relu", ReLU(), of: ["x"]), .init("scores", Reshape(item: [4]), of: ["relu"]),
      ], logits: "scores")
    let model = CompiledNetwork(network)
    let picture = Tensor([1, 2, -1, -2], shape: [1, 1, 1, 4])
    let seed = Tensor([3, -3, 5, -5], shape: [1, 4])
    func sweep(_ rule: BackwardRule) -> [Float] {
      let request = TraceRequest(
        reading: [], seeding: [.logits], gradients: [.input], rule: rule)
      return model.trace(picture, for: request).gradient(seeding: [.logits: seed]).scalars
    }
    #expect(sweep(.exact) == [3, -3, 0, 0])
    #expect(sweep(.guided) == [3, 0, 0, 0])
    #expect(sweep(.deconvolution) == [3, 0, 5, 0])
  }

  @Test func `a second sweep that was not asked for traps`() async throws {
    await #expect(processExitsWith: .failure) {
      let network = try SmallNetworks.linear([[1, 2]], bias: [0])
      let trace = CompiledNetwork(network).trace(
        Tensor([1, 1], shape: [1, 1, 1, 2]),
        for: TraceRequest(reading: [], seeding: [.logits], gradients: [.input]))
      _ = trace.gradient(seeding: [:])
      _ = trace.gradient(seeding: [:])
    }
  }

  @Test func `plans serve many threads at once`() async {
    let model = CompiledNetwork(network)
    let expected = model.gradient(of: .logit(1), for: input).gradient
    let results = await withTaskGroup(of: Tensor.self) { group in
      for _ in 0..<8 {
        group.addTask { [input] in model.gradient(of: .logit(1), for: input).gradient }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.allSatisfy { $0 == expected })
  }
}

import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// What passes and threads promise: the same answers, with each pass on and off.
@Suite(.serialized) struct PlanPassTests {
  let input: Tensor
  let networks: [Network]

  init() throws {
    var random = TestRandom(23)
    input = random.tensor([3, 3, 16, 16], in: 0...1)
    networks = [
      try SmallNetworks.mixed(), try Self.residual(), try Self.joined(), try Self.pooled(),
    ]
  }

  /// Two blocks with normalisation and limited rectifiers, the second one shrinking.
  static func residual() throws -> Network {
    var random = TestRandom(31)
    func convolution(_ inputs: Int, _ outputs: Int, stride: Int = 1) throws -> Convolution2D {
      let axis = try #require(Window.Axis(taps: 3, stride: stride, before: 1, after: 1))
      return try Convolution2D(
        weights: 0.3 * random.tensor([outputs, inputs, 3, 3]),
        window: Window(rows: axis, columns: axis))
    }
    func normalization(_ channels: Int) throws -> BatchNormalization {
      try BatchNormalization(
        gamma: random.tensor([channels], in: 0.5...1.5), beta: random.tensor([channels]),
        mean: random.tensor([channels]), variance: random.tensor([channels], in: 0.5...2))
    }
    return try Network(
      input: "x", inputShape: [3, 16, 16],
      nodes: [
        .init("stem", convolution(3, 24), of: ["x"]), .init("n0", normalization(24), of: ["stem"]),
        .init("r0", ReLU(), of: ["n0"]),
        .init("a1", convolution(24, 24), of: ["r0"]), .init("n1", normalization(24), of: ["a1"]),
        .init("r1", Clip(ClipFunction(low: 0, high: 6)), of: ["n1"]),
        .init("a2", convolution(24, 24), of: ["r1"]), .init("n2", normalization(24), of: ["a2"]),
        .init("s1", Add(), of: ["n2", "r0"]), .init("r2", ReLU(), of: ["s1"]),
        .init("b1", convolution(24, 40, stride: 2), of: ["r2"]),
        .init("m1", normalization(40), of: ["b1"]), .init("q1", ReLU(), of: ["m1"]),
        .init("b2", convolution(40, 40), of: ["q1"]), .init("m2", normalization(40), of: ["b2"]),
        .init("b3", convolution(24, 40, stride: 2), of: ["r2"]),
        .init("m3", normalization(40), of: ["b3"]),
        .init("s2", Add(), of: ["m2", "m3"]), .init("q2", ReLU(), of: ["s2"]),
        .init("mean", GlobalAveragePool(), of: ["q2"]),
        .init("flat", Reshape(item: [40]), of: ["mean"]),
        .init(
          "scores", try Dense(weights: random.tensor([7, 40]), transposed: true), of: ["flat"]),
      ], logits: "scores")
  }

  /// Maps that are joined for one convolution, for two, and for one that asks for too much.
  static func joined() throws -> Network {
    var random = TestRandom(37)
    func convolution(_ inputs: Int, _ outputs: Int, taps: Int) throws -> Convolution2D {
      let axis = try #require(Window.Axis(taps: taps, before: taps / 2, after: taps / 2))
      return try Convolution2D(
        weights: 0.3 * random.tensor([outputs, inputs, taps, taps]),
        bias: random.tensor([outputs]), window: Window(rows: axis, columns: axis))
    }
    func fire(
      _ name: String, _ inputs: Int, of input: LayerName
    ) throws -> [LayerGraph.Node] {
      func part(_ part: String) -> LayerName { LayerName("\(name).\(part)") }
      return [
        .init(part("squeeze"), try convolution(inputs, 4, taps: 1), of: [input]),
        .init(part("relu"), ReLU(), of: [part("squeeze")]),
        .init(part("e1"), try convolution(4, 8, taps: 1), of: [part("relu")]),
        .init(part("r1"), ReLU(), of: [part("e1")]),
        .init(part("e3"), try convolution(4, 8, taps: 3), of: [part("relu")]),
        .init(part("r3"), ReLU(), of: [part("e3")]),
        .init(part("join"), Concatenate(axis: 1), of: [part("r1"), part("r3")]),
      ]
    }
    return try Network(
      input: "x", inputShape: [3, 16, 16],
      nodes: fire("f1", 3, of: "x") + fire("f2", 16, of: "f1.join") + [
        .init("a", try convolution(16, 5, taps: 1), of: ["f2.join"]),
        .init("b", try convolution(16, 6, taps: 3), of: ["f2.join"]),
        .init("c", Concatenate(axis: 1), of: ["a", "b"]),
        .init("large", try convolution(11, 20, taps: 1), of: ["c"]),
        .init("mean", GlobalAveragePool(), of: ["large"]),
        .init("flat", Reshape(item: [20]), of: ["mean"]),
        .init(
          "scores", try Dense(weights: random.tensor([7, 20]), transposed: true), of: ["flat"]),
      ], logits: "scores")
  }

  /// Scores that are the means of maps, one for each class.
  static func pooled() throws -> Network {
    var random = TestRandom(41)
    func convolution(_ inputs: Int, _ outputs: Int, taps: Int) throws -> Convolution2D {
      let axis = try #require(Window.Axis(taps: taps, before: taps / 2, after: taps / 2))
      return try Convolution2D(
        weights: 0.3 * random.tensor([outputs, inputs, taps, taps]),
        bias: random.tensor([outputs]), window: Window(rows: axis, columns: axis))
    }
    return try Network(
      input: "x", inputShape: [3, 16, 16],
      nodes: [
        .init("stem", convolution(3, 24, taps: 3), of: ["x"]), .init("r", ReLU(), of: ["stem"]),
        .init("classes", convolution(24, 9, taps: 1), of: ["r"]),
        .init("positive", ReLU(), of: ["classes"]),
        .init("mean", GlobalAveragePool(), of: ["positive"]),
        .init("scores", Reshape(item: [9]), of: ["mean"]),
      ], logits: "scores")
  }

  @Test(arguments: Engine.available)
  func `each pass alone, and each left out, gives the same gradient`(_ engine: Engine) {
    for (network, rule) in networks.flatMap({ network in
      BackwardRule.allCases.map { (network, $0) }
    }) {
      let plain = CompiledNetwork(network, engine: engine, passes: [])
        .gradient(of: .margin(1, over: 3), for: input, rule: rule)
      let all = Set(PlanPass.allCases)
      let choices: [Set<PlanPass>] = PlanPass.allCases.flatMap { [[$0], all.subtracting([$0])] }
      for passes in choices + [all] {
        let found = CompiledNetwork(network, engine: engine, passes: passes)
          .gradient(of: .margin(1, over: 3), for: input, rule: rule)
        // Sums in another order, through a dozen layers.
        #expect(relativeError(found.gradient, plain.gradient) < 1e-5, "\(rule) \(passes)")
        for (a, b) in zip(found.values, plain.values) { #expect(abs(a - b) < 1e-4) }
      }
    }
  }

  @Test(arguments: Engine.available)
  func `what is read changes no bit, also where it was to be fused away`(_ engine: Engine) {
    for network in networks {
      let model = CompiledNetwork(network, engine: engine)
      let plain = model.gradient(of: .logit(0), for: input)
      let slow = CompiledNetwork(network, engine: engine, passes: [])
      for node in network.nodes {
        let request = TraceRequest(
          reading: [node.name, .logits], seeding: [.logits], gradients: [node.name, .input],
          sweeps: .many)
        func results(_ model: CompiledNetwork) -> (Tensor, Gradients, Gradients, Tensor) {
          let trace = model.trace(input, for: request)
          let (_, seeds) = Objective.logit(0).evaluate(trace)
          let (first, second) = (
            trace.gradients(seeding: seeds), trace.gradients(seeding: seeds)
          )
          return (trace[.logits], first, second, trace[node.name])
        }
        let (logits, first, second, value) = results(model)
        #expect((0..<3).map { logits.item($0)[0] } == plain.values, "\(node.name)")
        #expect(first[.input] == plain.gradient, "\(node.name)")
        #expect(first == second, "\(node.name)")
        let expected = results(slow)
        #expect(relativeError(value, expected.3) < 1e-5, "\(node.name)")
        if let a = first[node.name], let b = expected.1[node.name] {
          #expect(relativeError(a, b) < 1e-5, "\(node.name)")
        }
      }
    }
  }

  @Test(arguments: Engine.available)
  func `threads, and how they share the work, change no bit`(_ engine: Engine) {
    for network in networks {
      let expected = CompiledNetwork(network, engine: engine)
        .gradient(of: .margin(1, over: 3), for: input)
      for parallelism in Parallelism.allCases {
        let model = CompiledNetwork(network, engine: engine, parallelism: parallelism)
        for width in 1...3 {
          ComputeThreads.withWidth(width) {
            let found = model.gradient(of: .margin(1, over: 3), for: input)
            #expect(found.values == expected.values)
            #expect(found.gradient == expected.gradient)
          }
        }
      }
    }
  }

  @Test(arguments: 1...40, 1...9)
  func `shares are nearly equal, small enough, and as many for each thread`(
    _ batch: Int, limit: Int
  ) {
    for width in 1...5 {
      let shares = CompiledGraph.shares(of: batch, limit: limit, width: width)
      #expect(shares.reduce(0, +) == batch)
      #expect(shares.allSatisfy { (1...limit).contains($0) })
      #expect(shares.count == batch || shares.count % width == 0)
      if let least = shares.min(), let most = shares.max() { #expect(most - least <= 1) }
    }
  }

  @Test func `joined maps that only convolutions read are not made`() throws {
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    func copies(_ passes: Set<PlanPass>) throws -> Int {
      try CompiledNetwork(networks[2], engine: .portable, passes: passes)
        .profile(request, for: input, rounds: 1).lines.count { $0.kernel.contains("StridedCopy") }
    }
    // Two of three joins, of two parts each, forward and back.
    #expect(try copies([]) - copies([.splitJoins]) == 8)
  }

  @Test func `channels of classes that nobody asked about are passed over on the way back`() throws
  {
    guard Engine.available.contains(.oneDNN) else { return }
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    for (network, expected) in [(try Self.pooled(), 1), (try Self.joined(), 0)] {
      let lines = try CompiledNetwork(network, engine: .oneDNN)
        .profile(request, for: input, rounds: 1).lines
      let found = lines.count {
        $0.kernel.contains("ConvolutionPullback [3, 16, 16, 24]") && $0.step == "VectorStep"
      }
      #expect(found == expected)
    }
  }

  @Test func `the fast engine computes no convolution and nothing beside it in plain Swift`() throws
  {
    guard Engine.available.contains(.oneDNN) else { return }
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    let lines = try CompiledNetwork(networks[1], engine: .oneDNN)
      .profile(request, for: input, rounds: 1).lines
    #expect(lines.filter { $0.step == "PortableStep" }.map(\.kernel) == [])
  }
}

import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Sums of gradients, through the affine stem once for a batch and picture by picture.
///
/// Both ways run the same kernels forward, so that rectifiers open alike and only the order of the
/// sums differs: of some hundred terms, and over the items.
@Suite struct GradientSumTests {
  static let tolerance = 1e-5

  /// A network, and the layer at which its stem is to end.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let stemEnd: LayerName?
    let make: @Sendable () throws -> Network

    init(_ name: String, to end: LayerName?, _ make: @escaping @Sendable () throws -> Network) {
      (testDescription, stemEnd, self.make) = (name, end, make)
    }
  }

  static let cases = [
    Case("a convolution", to: "conv1") { try SmallNetworks.mixed() },
    Case("preprocessing and a convolution", to: "conv1") {
      try SmallNetworks.mixed().reading(try Preprocessing(order: .bgr, mean: [0.5], std: [0.2]))
    },
    Case("pad, convolution, normalisation and pooling", to: "layer4") {
      var random = TestRandom(5)
      return try network([
        Pad(before: [0, 0, 2, 1], after: [0, 0, 1, 2], value: 0.5),
        convolution(3, 6, &random),
        BatchNormalization(
          gamma: random.tensor([6]), beta: random.tensor([6]), mean: random.tensor([6]),
          variance: random.tensor([6], in: 0.5...2)),
        AveragePool(window: SmallNetworks.window(2, stride: 2)),
        convolution(6, 4, &random), ReLU(),
      ])
    },
    Case("channels that come last", to: "layer1") {
      var random = TestRandom(6)
      return try network(
        [Transpose(order: [0, 3, 1, 2]), convolution(3, 4, &random), ReLU()], input: [12, 12, 3])
    },
    Case("a fully connected layer", to: "layer1") {
      var random = TestRandom(7)
      return try network([
        Reshape(item: [3 * 12 * 12]),
        Dense(weights: random.tensor([7, 432]), bias: random.tensor([7]), transposed: true),
        Tanh(HyperbolicTangent()),
      ])
    },
    Case("everything", to: "scores") {
      try SmallNetworks.linear([[3, -4, 12], [1, 2, 3]], bias: [1, 2])
    },
    Case("constants", to: "conv") {
      var random = TestRandom(11)
      let (mean, scale) = (random.tensor([1, 3, 1, 1]), random.tensor([3, 1, 1], in: 1...2))
      return try Network(
        input: "x", inputShape: [3, 12, 12],
        nodes: [
          .init("mean", Constant(mean), of: []), .init("scale", Constant(scale), of: []),
          .init("centred", Subtract(), of: ["x", "mean"]),
          .init("wide", Divide(), of: ["centred", "scale"]),
          .init("product", Multiply(), of: ["scale", "wide"]),
          .init("conv", try convolution(3, 4, &random), of: ["product"]),
          .init("power", Multiply(), of: ["conv", "conv"]),
          .init("scores", Reshape(item: [-1]), of: ["power"]),
        ], logits: "scores")
    },
    Case("a divisor", to: nil) {
      try Network(
        input: "x", inputShape: [1, 2, 3],
        nodes: [
          .init("one", Constant(Tensor([1], shape: [1])), of: []),
          .init("inverse", Divide(), of: ["one", "x"]),
          .init("scores", Reshape(item: [-1]), of: ["inverse"]),
        ], logits: "scores")
    },
    Case("a first convolution that is read twice", to: "conv") {
      var random = TestRandom(8)
      return try Network(
        input: "x", inputShape: [3, 12, 12],
        nodes: [
          .init("conv", try convolution(3, 4, &random), of: ["x"]),
          .init("relu", ReLU(), of: ["conv"]), .init("sum", Add(), of: ["relu", "conv"]),
          .init("scores", Reshape(item: [-1]), of: ["sum"]),
        ], logits: "scores")
    },
    Case("an input that is read twice", to: nil) {
      var random = TestRandom(9)
      return try Network(
        input: "x", inputShape: [3, 12, 12],
        nodes: [
          .init("first", try convolution(3, 4, &random), of: ["x"]),
          .init("second", try convolution(3, 4, &random), of: ["x"]),
          .init("product", Multiply(), of: ["first", "second"]),
          .init("scores", Reshape(item: [-1]), of: ["product"]),
        ], logits: "scores")
    },
    Case("a rectifier at once", to: nil) {
      try SmallNetworks.around(ReLU(), input: [3, 12, 12])
    },
    Case("a border that mirrors", to: "layer1") {
      var random = TestRandom(10)
      return try network([
        Pad(before: [0, 0, 1, 1], after: [0, 0, 1, 1], border: .reflection),
        convolution(3, 4, &random), ReLU(),
      ])
    },
  ]

  private static func convolution(
    _ from: Int, _ to: Int, _ random: inout TestRandom
  ) throws -> Convolution2D {
    try Convolution2D(
      weights: random.tensor([to, from, 3, 3]), bias: random.tensor([to]),
      window: SmallNetworks.window(3, before: 1))
  }

  /// Layers in a row, and scores behind them.
  private static func network(
    _ layers: [any Layer], input: Shape = [3, 12, 12]
  ) throws -> Network {
    let nodes = layers.enumerated().map { index, layer in
      Network.Node(
        LayerName("layer\(index)"), layer,
        of: [index == 0 ? "x" : LayerName("layer\(index - 1)")])
    }
    return try Network(
      input: "x", inputShape: input,
      nodes: nodes + [
        .init("scores", Reshape(item: [-1]), of: [LayerName("layer\(layers.count - 1)")])
      ], logits: "scores")
  }

  /// ‖a − b‖ / ‖b‖; 0 where they are equal.
  private func distance(_ found: Tensor, _ expected: Tensor) -> Double {
    if found == expected { return 0 }
    let difference = found - expected
    return (difference.dot(difference) / expected.dot(expected)).squareRoot()
  }

  private func pictures(_ network: Network, _ count: Int, seed: UInt64 = 3) -> Tensor {
    var random = TestRandom(seed)
    return random.tensor(Shape([count] + network.inputShape.extents), in: 0...1)
  }

  private func sum(
    of objective: Objective, at points: Tensor, weights: [Float], rule: BackwardRule = .exact,
    _ model: CompiledNetwork
  ) -> Tensor {
    model.gradientSum(of: objective, weights: weights, rule: rule) { points.item($0) }
  }

  @Test(arguments: cases, Engine.available)
  func `the sum is that of every picture's gradient`(_ it: Case, _ engine: Engine) throws {
    let network = try it.make()
    let model = CompiledNetwork(network, engine: engine)
    let plain = CompiledNetwork(network, engine: engine, sharesStem: false)
    #expect(model.stemEnd == it.stemEnd)
    #expect(plain.stemEnd == nil)
    let batch = pictures(network, 5)
    let weights: [Float] = [0.25, -1, 2, 0, 0.5]
    for (objective, rule) in [
      (Objective.margin(0, over: 1), BackwardRule.exact), (.probability(1), .guided),
    ] {
      let found = sum(of: objective, at: batch, weights: weights, rule: rule, model)
      let expected = sum(of: objective, at: batch, weights: weights, rule: rule, plain)
      #expect(found.shape == batch.shape.batched(1))
      #expect(distance(found, expected) < Self.tolerance)
    }
  }

  @Test(
    arguments: [LayerName("conv1"), "x", "pixels", "relu1", "@input", "@logits"], Engine.available)
  func `objectives may look at any layer`(_ layer: LayerName, _ engine: Engine) throws {
    let network = try SmallNetworks.mixed().reading(.imagenet)
    try #require(network.shapes["x"] != nil)
    let square = Objective(layers: [layer]) { trace in
      let value = trace[layer]
      let squares = (0..<value.batch).map { Float(value.item($0).dot(value.item($0))) }
      return (squares, [layer: 2 * value])
    }
    let batch = pictures(network, 4)
    let weights: [Float] = [1, 2, 3, 4]
    let (model, plain) = (
      CompiledNetwork(network, engine: engine),
      CompiledNetwork(network, engine: engine, sharesStem: false)
    )
    let objective = square + .logit(2)
    let found = sum(of: objective, at: batch, weights: weights, model)
    let expected = sum(of: objective, at: batch, weights: weights, plain)
    #expect(distance(found, expected) < Self.tolerance)
  }

  @Test(arguments: Engine.available, [1, 7, 16, 21])
  func `any number of points goes through in passes`(_ engine: Engine, _ count: Int) throws {
    let network = try SmallNetworks.mixed()
    let model = CompiledNetwork(network, engine: engine)
    let points = pictures(network, count)
    let weights = (0..<count).map { 1 / Float($0 + 1) }
    let found = sum(of: .logit(3), at: points, weights: weights, model)
    var expected = Tensor(zeros: found.shape)
    for index in 0..<count {
      let point = points.item(index).padded(toBatch: model.batchLimit)
      let gradients = model.gradient(of: .logit(3), for: point).gradient
      expected.add(gradients.item(0), scaledBy: weights[index])
    }
    #expect(distance(found, expected) < Self.tolerance)
  }

  @Test(arguments: Engine.available)
  func `the sum of none of many is zero`(_ engine: Engine) throws {
    let network = try SmallNetworks.mixed()
    let found = sum(
      of: .logit(3), at: pictures(network, 3), weights: [0, 0, 0],
      CompiledNetwork(network, engine: engine))
    #expect(found == Tensor(zeros: found.shape))
  }

  // The portable kernels take items singly; those of oneDNN may sum in another order for another batch.
  @Test func `passes of another size give the same bits`() throws {
    let network = try SmallNetworks.mixed().reading(.imagenet)
    let model = CompiledNetwork(network, engine: .portable)
    let end = try #require(model.stemEnd)
    let batch = pictures(network, 6)
    let weights: [Float] = [1, -2, 0.5, 3, 0.25, 1]
    let request = TraceRequest(seeding: [.logits], summing: end)
    let sums = [1, 2, 3, 6].map { size in
      var sum = WeightedSum()
      for first in stride(from: 0, to: 6, by: size) {
        let trace = model.trace(batch.items(first..<first + size), for: request)
        trace.addGradients(
          seeding: Objective.logit(1).evaluate(trace).seeds,
          weights: Array(weights[first..<first + size]), to: &sum)
      }
      return sum.value
    }
    #expect(sums.allSatisfy { $0 == sums[0] })
  }

  @Test(arguments: Engine.available)
  func `neither threads nor repetition change a bit`(_ engine: Engine) throws {
    let network = try SmallNetworks.mixed().reading(.imagenet)
    let model = CompiledNetwork(network, engine: engine)
    let batch = pictures(network, 16)
    let weights = (0..<16).map { 1 / Float($0 + 1) }
    let sums = [1, 2, 3, 1].map { width in
      ComputeThreads.withWidth(width) { sum(of: .logit(0), at: batch, weights: weights, model) }
    }
    #expect(sums.allSatisfy { $0 == sums[0] })
  }

  @Test(arguments: Engine.available)
  func `the sum leaves the steps back through the stem out`(_ engine: Engine) throws {
    let network = try SmallNetworks.mixed()
    let model = CompiledNetwork(network, engine: engine)
    func steps(_ request: TraceRequest) throws -> Int {
      let profile = try model.profile(request, for: pictures(network, 2), rounds: 0)
      return profile.lines.count(where: \.isBackward)
    }
    let all = try steps(TraceRequest(seeding: [.logits], gradients: [.input]))
    let summed = try steps(TraceRequest(seeding: [.logits], summing: model.stemEnd))
    #expect(summed < all)
  }

  @Test(
    .enabled(if: SharedFolder.exists, "needs ../shared/models"),
    arguments: [
      ("cifar10_resnet20", Engine.preferred), ("cifar10_cnn_a_adv", .portable),
      ("cifar10_cnn_a_adv", .preferred), ("squeezenet1.1", .preferred),
    ])
  func `trained networks give the same averages along a line`(
    _ name: String, _ engine: Engine
  ) throws {
    let file = try ModelFile.read(SharedFolder.file("models/\(name).onnx").path)
    let input = try NPY.read(SharedFolder.file("models/reference/\(name)_input.npy").path)
    let rule = GaussLegendre(count: 4)
    let averages = [true, false].map { shares in
      CompiledNetwork(file.network, engine: engine, sharesStem: shares).gradientSum(
        of: .logit(2), from: Tensor(zeros: input.shape), to: input, at: rule.nodes,
        weights: rule.weights)
    }
    #expect(distance(averages[0], averages[1]) < Self.tolerance)
  }
}

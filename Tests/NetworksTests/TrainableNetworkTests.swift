import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Passes of a network whose parameters change.
struct TrainableNetworkTests {
  /// Convolutions with normalisation, a residual sum, both poolings, a depthwise convolution and a dense
  /// head, with random weights: `[3, side, side]` to 4 classes.
  static func network(side: Int = 16, seed: UInt64 = 3) throws -> Network {
    var random = TestRandom(seed)
    func convolution(
      _ from: Int, _ to: Int, _ taps: Int, stride: Int = 1, groups: Int = 1, hasBias: Bool = false
    ) throws -> Convolution2D {
      let spread = (6 / Float(from / groups * taps * taps)).squareRoot()
      return try Convolution2D(
        weights: random.tensor([to, from / groups, taps, taps], in: -spread...spread),
        bias: hasBias ? random.tensor([to], in: -0.1...0.1) : nil,
        window: SmallNetworks.window(taps, stride: stride, before: taps / 2), groups: groups)
    }
    func normalization(_ channels: Int) throws -> BatchNormalization {
      try BatchNormalization(
        gamma: random.tensor([channels], in: 0.5...1.5),
        beta: random.tensor([channels], in: -0.3...0.3),
        mean: random.tensor([channels], in: -0.1...0.1),
        variance: random.tensor([channels], in: 0.5...2))
    }
    return try Network(
      input: "x", inputShape: [3, side, side],
      nodes: [
        .init(
          "pixels",
          try ScaleChannels(
            scale: Tensor([4, 4, 4], shape: [3]), shift: Tensor([-2, -2, -2], shape: [3])),
          of: ["x"]),
        .init("conv1", try convolution(3, 16, 3), of: ["pixels"]),
        .init("norm1", try normalization(16), of: ["conv1"]),
        .init("relu1", ReLU(), of: ["norm1"]),
        .init("pool1", MaxPool(window: SmallNetworks.window(2, stride: 2)), of: ["relu1"]),
        .init("conv2", try convolution(16, 32, 3, stride: 2), of: ["pool1"]),
        .init("norm2", try normalization(32), of: ["conv2"]),
        .init("relu2", ReLU(), of: ["norm2"]),
        .init("conv3", try convolution(32, 32, 3), of: ["relu2"]),
        .init("norm3", try normalization(32), of: ["conv3"]),
        .init("side", try convolution(16, 32, 1, stride: 2), of: ["pool1"]),
        .init("norm4", try normalization(32), of: ["side"]),
        .init("sum", Add(), of: ["norm3", "norm4"]),
        .init("relu3", ReLU(), of: ["sum"]),
        .init("deep", try convolution(32, 32, 3, groups: 32), of: ["relu3"]),
        .init("norm5", try normalization(32), of: ["deep"]),
        .init("clip", Clip(ClipFunction(low: 0, high: 6)), of: ["norm5"]),
        .init("wide", try convolution(32, 32, 1, hasBias: true), of: ["clip"]),
        .init("same", Add(), of: ["wide", "relu3"]),
        .init("pooled", GlobalAveragePool(), of: ["same"]),
        .init("flat", Reshape(item: [32]), of: ["pooled"]),
        .init(
          "scores",
          try Dense(
            weights: random.tensor([4, 32]), bias: random.tensor([4]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
  }

  static let batch = 6

  static func pictures(_ network: Network, seed: UInt64 = 1) -> Tensor {
    var random = TestRandom(seed)
    return random.tensor(Shape([batch] + network.inputShape.extents), in: 0...1)
  }

  /// Seeds of Σ logits² / 2.
  static func halfSquares(_ logits: Tensor) -> Tensor { logits }

  @Test func `parameters follow one another in the graph's order`() throws {
    let network = try TrainableNetwork(try Self.network())
    var end = 0
    for parameter in network.parameters {
      #expect(parameter.range == end..<end + parameter.shape.count)
      end = parameter.range.upperBound
    }
    #expect(end == network.parameterCount)
    #expect(network.parameters.first?.name == ParameterName("conv1", 0))
    #expect(network.parameters.last?.name == ParameterName("scores", 1))
    // Neither what scales the pixels nor running statistics.
    #expect(network.parameters.allSatisfy { $0.name.layer != "pixels" })
    #expect(network.statistics.map(\.name).prefix(2) == [.init("norm1", 2), .init("norm1", 3)])
    let decaying = network.parameters.filter(\.role.decays).map(\.name.layer)
    #expect(decaying == ["conv1", "conv2", "conv3", "side", "deep", "wide", "scores"])
  }

  @Test(arguments: Engine.available)
  func `a step's gradients are those of a plan with constants`(engine: Engine) throws {
    let network = try Self.network()
    let trainable = try TrainableNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    let logits = trainable.step(pictures, seeds: Self.halfSquares)

    let request = TraceRequest(
      seeding: [.logits], parameters: Set(trainable.parameters.map(\.name.layer)),
      phase: .training)
    let trace = CompiledNetwork(network, engine: .portable).trace(pictures, for: request)
    #expect(relativeError(logits, trace[.logits]) < 1e-5)
    let expected = trace.gradients(seeding: [.logits: Self.halfSquares(trace[.logits])])
    for parameter in trainable.parameters {
      let found = trainable.withGradients {
        Tensor(Array($0[parameter.range]), shape: parameter.shape)
      }
      let gradient = try #require(expected.parameters[parameter.name.layer])[parameter.name.index]
      #expect(relativeError(found, gradient) < 2e-4, "\(parameter.name)")
    }
    for statistic in trainable.statistics {
      let found = trainable.withStatistics {
        Tensor(Array($0[statistic.range]), shape: statistic.shape)
      }
      let update = trace.update(of: statistic.name)
      #expect(relativeError(found, try #require(update)) < 1e-5, "\(statistic.name)")
    }
  }

  @Test(arguments: Engine.available)
  func `steps repeat bit by bit`(engine: Engine) throws {
    func training() throws -> [[Float]] {
      let network = try Self.network()
      let trainable = try TrainableNetwork(network, engine: engine)
      var seen: [[Float]] = []
      for round in 0..<3 {
        let pictures = Self.pictures(network, seed: UInt64(round))
        seen.append(trainable.step(pictures, seeds: Self.halfSquares).scalars)
        trainable.descend(rate: 0.01)
        seen.append(trainable.withValues { Array($0) })
        seen.append(trainable.withStatistics { Array($0) })
      }
      return seen
    }
    let first = try training()
    #expect(first[0] != first[3])
    #expect(first == (try training()))
  }

  @Test(arguments: Engine.available)
  func `descending makes the loss smaller`(engine: Engine) throws {
    let network = try Self.network()
    let trainable = try TrainableNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    var losses: [Double] = []
    for _ in 0..<8 {
      let logits = trainable.step(pictures, seeds: Self.halfSquares)
      losses.append(logits.dot(logits) / 2)
      trainable.descend(rate: 0.003)
    }
    #expect(losses[7] < 0.5 * losses[0])
  }

  @Test(arguments: Engine.available)
  func `the network of now answers as the training network does`(engine: Engine) throws {
    let network = try Self.network()
    let trainable = try TrainableNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    for _ in 0..<2 {
      trainable.step(pictures, seeds: Self.halfSquares)
      trainable.descend(rate: 0.003)
    }
    let compiled = CompiledNetwork(try trainable.network, engine: engine)
    let logits = trainable.logits(pictures)
    #expect(relativeError(logits, compiled.logits(for: pictures)) < 1e-5)
    let seeds = Self.halfSquares(logits)
    let gradient = trainable.inputGradient(pictures) { _ in seeds }
    let request = TraceRequest(seeding: [.logits], gradients: [.input])
    let expected = compiled.trace(pictures, for: request).gradient(seeding: [.logits: seeds])
    #expect(relativeError(gradient, expected) < 1e-4)
    // The untrained network is another one.
    let before = CompiledNetwork(network, engine: engine).logits(for: pictures)
    #expect(relativeError(logits, before) > 0.01)
  }

  @Test(arguments: Engine.available)
  func `an attack leaves gradients and statistics as they are`(engine: Engine) throws {
    let network = try Self.network()
    let trainable = try TrainableNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    trainable.step(pictures, seeds: Self.halfSquares)
    let gradients = trainable.withGradients { Array($0) }
    let statistics = trainable.withStatistics { Array($0) }
    for phase in [Phase.inference, .training] {
      let gradient = trainable.inputGradient(pictures, phase: phase, seeds: Self.halfSquares)
      #expect(gradient.shape == pictures.shape)
      #expect(gradient.largestMagnitude > 0)
    }
    #expect(trainable.withGradients { Array($0) } == gradients)
    #expect(trainable.withStatistics { Array($0) } == statistics)
  }

  @Test(arguments: Engine.available)
  func `frozen layers keep their parameters and statistics`(engine: Engine) throws {
    let network = try Self.network()
    let frozen: Set<LayerName> = ["conv1", "norm1", "conv2", "norm2"]
    let trainable = try TrainableNetwork(network, engine: engine, frozen: frozen)
    #expect(trainable.parameters.first?.name == ParameterName("conv3", 0))
    #expect(trainable.statistics.allSatisfy { !frozen.contains($0.name.layer) })
    trainable.step(Self.pictures(network), seeds: Self.halfSquares)
    trainable.descend(rate: 0.01)
    let trained = try trainable.network
    for (old, new) in zip(network.nodes, trained.nodes) where frozen.contains(old.name) {
      #expect(new.layer.parameters.map(\.scalars) == old.layer.parameters.map(\.scalars))
    }
    #expect(throws: NetworkError.self) {
      try TrainableNetwork(network, engine: engine, frozen: ["conv9"])
    }
    #expect(throws: NetworkError.self) {
      try TrainableNetwork(network, engine: engine, frozen: Set(network.nodes.map(\.name)))
    }
  }
}

extension TrainableNetwork {
  fileprivate func descend(rate: Float) {
    withValues { values in
      withGradients { gradients in
        for index in values.indices { values[index] -= rate * gradients[index] }
      }
    }
  }
}

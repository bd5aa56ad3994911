import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Training with activations restored by inverses, against training with activations kept.
struct InvertibleTrainingTests {
  /// As many additive couplings as asked for on `[8, 8, 8]`, with normalisations and a mixing.
  static func deep(_ depth: Int, seed: UInt64 = 4) throws -> InvertibleNetwork {
    var random = TestRandom(seed)
    let shape: Shape = [8, 8, 8]
    var blocks: [any InvertibleBlock] = [
      SpaceToDepthBlock("squeeze"),
      try InvertibleNetworkTests.normalization("norm", channels: 8, &random),
      ChannelMixing(
        "mixing", channels: 8, random: CounterRandom(seed: seed, stream: 1), sample: 0),
    ]
    for index in 0..<depth {
      blocks.append(
        try InvertibleNetworkTests.additive("block\(index)", shape, split: 4, &random))
    }
    return try InvertibleNetwork(
      inputShape: [2, 16, 16], blocks: blocks,
      head: try InvertibleNetworkTests.head(classes: 3, channels: 8))
  }

  private static func gradients(
    _ network: some TrainableClassifier, _ name: ParameterName
  ) -> Tensor? {
    network.parameters.first { $0.name == name }.map { parameter in
      network.withGradients { Tensor(Array($0[parameter.range]), shape: parameter.shape) }
    }
  }

  @Test(arguments: Engine.available, [false, true])
  func `gradients are those of keeping activations`(engine: Engine, looksAtFeatures: Bool) throws {
    func step(
      _ network: some TrainableClassifier, _ pictures: Tensor, _ features: LayerName
    ) -> Tensor {
      if looksAtFeatures {
        network.step(pictures, features: features) { ($0, 0.1 * $1) }
      } else {
        network.step(pictures) { $0 }
      }
    }
    for network in [try InvertibleNetworkTests.mixed(), try Self.deep(3)] {
      let stored = try TrainableNetwork(
        network.network, engine: engine, frozen: network.fixedLayers)
      let recomputing = try RecomputingNetwork(network, engine: engine)
      #expect(recomputing.parameters == stored.parameters)
      #expect(recomputing.statistics == stored.statistics)
      #expect(recomputing.frozen == stored.frozen)
      let pictures = InvertibleNetworkTests.pictures(network, batch: 5)
      let expected = step(stored, pictures, network.featureLayer)
      let logits = step(recomputing, pictures, network.featureLayer)
      #expect(relativeError(logits, expected) < 1e-5)
      for parameter in stored.parameters {
        let found = try #require(Self.gradients(recomputing, parameter.name))
        let wanted = try #require(Self.gradients(stored, parameter.name))
        // A bias in front of a normalisation has no gradient but rounding.
        guard wanted.largestMagnitude > 1e-3 else { continue }
        #expect(relativeError(found, wanted) < 5e-4, "\(parameter.name)")
      }
      let statistics = stored.withStatistics { Tensor(Array($0), shape: [$0.count]) }
      let found = recomputing.withStatistics { Tensor(Array($0), shape: [$0.count]) }
      #expect(relativeError(found, statistics) < 1e-4)
      for phase in [Phase.inference, .training] {
        let attack = stored.inputGradient(pictures, phase: phase) { $0 }
        let again = recomputing.inputGradient(pictures, phase: phase) { $0 }
        #expect(relativeError(again, attack) < 1e-3)
      }
      #expect(relativeError(recomputing.logits(pictures), stored.logits(pictures)) < 1e-4)
    }
  }

  @Test func `gradients are those of central differences`() throws {
    let network = try InvertibleNetworkTests.smooth()
    let recomputing = try RecomputingNetwork(network, engine: .portable)
    let pictures = InvertibleNetworkTests.pictures(network, batch: 4)
    recomputing.step(pictures) { $0 }
    let gradient = recomputing.withGradients { Array($0) }
    let values = recomputing.withValues { Array($0) }
    func loss(at offset: Float, along direction: [Float]) -> Double {
      recomputing.withValues { target in
        for index in target.indices { target[index] = values[index] + offset * direction[index] }
      }
      let logits = recomputing.step(pictures) { $0 }
      return logits.dot(logits) / 2
    }
    var random = TestRandom(3)
    for _ in 0..<6 {
      let direction = random.tensor([values.count]).scalars
      let step: Float = 1e-3
      let slope =
        (loss(at: step, along: direction) - loss(at: -step, along: direction))
        / Double(2 * step)
      let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      let scale = max(slope.magnitude, expected.magnitude, 1)
      #expect((slope - expected).magnitude / scale < 1e-2, "\(slope) and \(expected)")
    }
  }

  @Test(arguments: Engine.available)
  func `memory for activations does not grow with depth`(engine: Engine) throws {
    func byteCounts(_ depth: Int) throws -> (recomputed: Int, stored: Int) {
      let network = try Self.deep(depth)
      return (
        try RecomputingNetwork(network, engine: engine).activationByteCount(batch: 4),
        try TrainableNetwork(network.network, engine: engine).activationByteCount(batch: 4)
      )
    }
    let (shallow, deep) = (try byteCounts(3), try byteCounts(12))
    #expect(deep.recomputed == shallow.recomputed)
    #expect(deep.stored > 2 * shallow.stored)
    #expect(deep.recomputed < deep.stored / 3)
  }

  @Test(arguments: Engine.available)
  func `steps repeat bit by bit`(engine: Engine) throws {
    func training() throws -> [Float] {
      let network = try InvertibleNetworkTests.mixed()
      let recomputing = try RecomputingNetwork(network, engine: engine)
      for round in 0..<3 {
        var random = TestRandom(UInt64(round))
        let pictures = random.tensor([4, 3, 8, 8], in: 0...1)
        recomputing.step(pictures) { 0.1 * $0 }
        recomputing.withValues { values in
          recomputing.withGradients { gradients in
            for index in values.indices { values[index] -= 0.003 * gradients[index] }
          }
        }
      }
      return recomputing.withValues { Array($0) } + recomputing.withStatistics { Array($0) }
    }
    #expect(try training() == training())
  }

  @Test func `what was trained is invertible`() throws {
    let network = try InvertibleNetworkTests.mixed()
    let recomputing = try RecomputingNetwork(network)
    let pictures = InvertibleNetworkTests.pictures(network, batch: 4)
    for _ in 0..<4 {
      recomputing.step(pictures) { 0.1 * $0 }
      recomputing.withValues { values in
        recomputing.withGradients { gradients in
          for index in values.indices { values[index] -= 0.003 * gradients[index] }
        }
      }
    }
    let trained = try InvertibleNetwork(network.structure, of: try recomputing.network)
    let model = CompiledInvertibleNetwork(trained)
    #expect(relativeError(model.logits(for: pictures), recomputing.logits(pictures)) < 1e-4)
    #expect(model.reconstructionErrors(of: pictures).allSatisfy { $0 < 1e-5 })
    #expect(
      relativeError(
        model.logits(for: pictures),
        CompiledInvertibleNetwork(network).logits(for: pictures)) > 1e-3)
  }

  @Test func `a channel that never changes is no trouble`() throws {
    let network = try Self.deep(1)
    let pictures = Tensor(repeating: 0.353, shape: [4, 2, 16, 16])
    let model = CompiledInvertibleNetwork(try network.normalized(by: pictures))
    #expect(model.features(of: pictures).isFinite)
    #expect(model.reconstructionErrors(of: pictures).allSatisfy { $0 < 1e-5 })
  }

  @Test func `normalisations start from a batch`() throws {
    let network = try Self.deep(2)
    var random = TestRandom(11)
    let pictures = random.tensor([6, 2, 16, 16], in: 0...1)
    let normalized = try network.normalized(by: pictures)
    let model = CompiledInvertibleNetwork(normalized)
    let maps = model.trace(pictures, for: TraceRequest(reading: ["norm"]))["norm"]
    for channel in 0..<8 {
      let values = (0..<6).flatMap { item in
        maps.item(item).scalars[channel * 64..<(channel + 1) * 64].map(Double.init)
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      #expect(mean.magnitude < 1e-4)
      #expect((square - 1).magnitude < 1e-3)
    }
  }
}

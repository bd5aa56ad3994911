import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Training

/// The density of pictures in training: numbers known on paper, and gradients against differences.
struct FeatureLikelihoodTests {
  /// Two numbers in, doubled and shifted, two classes.
  private static func plane() throws -> InvertibleNetwork {
    let scaling = try ChannelScaling("norm", channels: 2)
    return try InvertibleNetwork(
      inputShape: [2, 1, 1], blocks: [scaling],
      head: try LinearHead(
        weights: Tensor([1, 0, 0, 3], shape: [2, 2]), bias: Tensor(zeros: [2]), isPooled: false))
  }

  @Test func `the density is that of normal distributions around the head's weights`() throws {
    let network = try Self.plane()
    let inTraining = try RecomputingNetwork(network, engine: .portable)
    let likelihood = try #require(try FeatureLikelihood(weight: 2, of: network, in: inTraining))
    // log |det| = 0.5 + 0.25; distances are (2, 1) from (1, 0) and (1, -1) from (0, 3).
    inTraining.withValues { values in
      for parameter in inTraining.parameters where parameter.name == ParameterName("norm", 0) {
        values[parameter.range.lowerBound] = 0.5
        values[parameter.range.lowerBound + 1] = 0.25
      }
    }
    let features = Tensor([3, 1, 1, 2], shape: [2, 2, 1, 1])
    let targets = Tensor([1, 0, 0, 1], shape: [2, 2])
    let value = inTraining.withValues {
      likelihood.value(features, targets: targets, values: UnsafeBufferPointer($0))
    }
    #expect((value.loss - ((5.0 + 2.0) / 4 - 0.75) / 2).magnitude < 1e-12)
    // Weight 2, over two pictures of two numbers.
    #expect(value.features.scalars == [1, 0.5, 0.5, -0.5])
    #expect(value.head == [-1, -0.5, -0.5, 0.5])
  }

  private static func shared(
    _ classifier: RecomputingNetwork, _ likelihood: FeatureLikelihood, _ pictures: Tensor,
    _ targets: Tensor
  ) -> (loss: Double, gradients: [Float]) {
    var value: FeatureLikelihood.Value?
    classifier.step(pictures, features: likelihood.layer) { logits, features in
      let found = classifier.withValues {
        likelihood.value(features, targets: targets, values: UnsafeBufferPointer($0))
      }
      value = found
      return (Tensor(zeros: logits.shape), found.features)
    }
    return (
      value?.loss ?? .nan,
      classifier.withGradients { gradients in
        if let value { likelihood.add(value, to: gradients) }
        return Array(gradients)
      }
    )
  }

  @Test(arguments: [16, 28])
  func `gradients are those of central differences`(side: Int) throws {
    // 48 channels have a pooled head, 16 have a weight for each position.
    let channels = side == 16 ? 3 : 1
    var network = try Architecture.invertible.invertibleNetwork(
      size: PixelSize(side: side), channels: channels, labels: ["a", "b", "c"], width: 4, depth: 1,
      seed: 2)
    let random = CounterRandom(seed: 3, stream: 1)
    let first = random.normal([4, channels, side, side], sample: 1)
    network = try network.normalized(by: first, engine: .portable)
    // Where normalisations begin, their gradients would be nearly 0.
    let pictures = 1.5 * first
    let classifier = try RecomputingNetwork(network, engine: .portable)
    let likelihood = try #require(try FeatureLikelihood(weight: 1, of: network, in: classifier))
    let targets = Tensor(
      [1, 0, 0, 0, 1, 0, 0.25, 0, 0.75, 0, 0, 1], shape: [4, 3])
    let (_, gradients) = Self.shared(classifier, likelihood, pictures, targets)
    var compared = 0
    for parameter in classifier.parameters {
      for place in [parameter.range.lowerBound, parameter.range.upperBound - 1] {
        var losses: [Double] = []
        for step: Float in [0.01, -0.01] {
          classifier.withValues { $0[place] += step }
          losses.append(Self.shared(classifier, likelihood, pictures, targets).loss)
          classifier.withValues { $0[place] -= step }
        }
        let expected = (losses[0] - losses[1]) / 0.02
        let error = (Double(gradients[place]) - expected).magnitude
        #expect(
          error < 3e-5 + 0.02 * expected.magnitude,
          "\(parameter.name): \(gradients[place]), not \(expected)")
        if expected.magnitude > 1e-4 { compared += 1 }
      }
    }
    #expect(compared > 8)
  }

  @Test func `pictures become more probable along the gradients`() throws {
    let random = CounterRandom(seed: 4, stream: 1)
    let pictures = 0.1 * random.normal([8, 3, 16, 16], sample: 1)
    let network = try Architecture.invertible.invertibleNetwork(
      size: PixelSize(side: 16), channels: 3, labels: ["a", "b"], width: 4, depth: 1, seed: 2
    ).normalized(by: random.normal([8, 3, 16, 16], sample: 2), engine: .portable)
    let classifier = try RecomputingNetwork(network, engine: .portable)
    let likelihood = try #require(try FeatureLikelihood(weight: 1, of: network, in: classifier))
    let targets = Tensor((0..<16).map { $0 % 4 == 0 || $0 % 4 == 3 ? 1 : 0 }, shape: [8, 2])
    var losses: [Double] = []
    for _ in 0..<30 {
      let (loss, gradients) = Self.shared(classifier, likelihood, pictures, targets)
      losses.append(loss)
      classifier.withValues { values in
        for index in values.indices { values[index] -= gradients[index] }
      }
    }
    // Factors have to become ten times larger for the volume of such small pictures.
    #expect(losses[29] < losses[0] - 0.1, "\(losses)")
  }

  @Test(arguments: Trainer.Activations.allCases)
  func `classes are still learned, and an interruption changes nothing`(
    activations: Trainer.Activations
  ) throws {
    let folder = try TrainerTests.folder()
    func trainer(_ checkpoint: String? = nil) throws -> Trainer {
      var settings = TrainerTests.settings()
      settings.method = .adamw
      settings.epochs = 30
      settings.noise = 0.05
      settings.likelihood = 1
      return try TrainerTests.trainer(
        folder, settings, architecture: .invertible, activations: activations,
        checkpoint: checkpoint)
    }
    let straight = try trainer()
    _ = try straight.run()
    #expect(try straight.evaluate().accuracy >= 0.8)

    let place = try TemporaryFolder()
    let path = place("checkpoint.safetensors")
    var steps = 0
    _ = try trainer(path).run(until: {
      steps += 1
      return steps == 6
    })
    let resumed = try trainer(path)
    try resumed.resume()
    _ = try resumed.run()
    #expect(try resumed.trained.onnx() == straight.trained.onnx())
  }

  @Test func `a density is for invertible networks`() throws {
    let folder = try TrainerTests.folder()
    var settings = TrainerTests.settings()
    settings.likelihood = 1
    let error = #expect(throws: TrainingError.self) {
      try TrainerTests.trainer(folder, settings)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("about invertible networks"))
    for weight: Float in [0, -1, .infinity, .nan] {
      settings.likelihood = weight
      #expect(throws: TrainingError.self) {
        try TrainerTests.trainer(folder, settings, architecture: .invertible)
      }
    }
  }
}

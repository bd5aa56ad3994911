import Foundation
import ImageCodecs
import Imaging
import Kernels
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Training

/// Whole trainings of tiny networks on drawn pictures.
struct TrainerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try Self.folder() }

  /// Pictures of noise with an upright, level or slanted bar: 24 of each class.
  static func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var random = TestRandom(5)
    for (label, name) in ["level", "slanted", "upright"].enumerated() {
      for number in 0..<24 {
        var picture = Bitmap(size: PixelSize(side: 16), layout: .rgb, filledWith: [60, 70, 80])
        let place = Int.random(in: 4...11, using: &random)
        for y in 0..<16 {
          for x in 0..<16 {
            let isBar = [abs(y - place) < 2, abs(x + y - 11 - place / 2) < 2, abs(x - place) < 2]
            for channel in 0..<3 {
              let noise = UInt8.random(in: 0...40, using: &random)
              picture[x, y, channel] = (isBar[label] ? 180 : 60) + noise
            }
          }
        }
        try folder.write(try PNGCodec.encode(picture), to: "\(name)/\(number).png")
      }
    }
    return folder
  }

  private static func addCorrupt(_ count: Int, to folder: TemporaryFolder) throws {
    for number in 0..<count {
      try folder.write(Array("no picture".utf8), to: "level/bad\(number).png")
    }
  }

  static func settings() -> TrainingSettings {
    var settings = TrainingSettings()
    settings.epochs = 6
    settings.batch = 16
    settings.seed = 4
    settings.augmentation.crop = 0.1
    return settings
  }

  static func trainer(
    _ folder: TemporaryFolder, _ settings: TrainingSettings, engine: Engine = .preferred,
    architecture: Architecture = .plain, activations: Trainer.Activations = .recomputed,
    isStrict: Bool = false, checkpoint: String? = nil, keptBytes: Int = 1 << 20
  ) throws -> Trainer {
    let data = try DataSet.reading(folder.path)
    let size = PixelSize(side: 16)
    let split = try DataSplit(data, validation: .share(0.25), seed: settings.seed)
    let sources =
      if architecture == .invertible {
        Trainer.Sources(
          data: data, split: split,
          invertible: try architecture.invertibleNetwork(
            size: size, channels: 3, labels: data.labels, width: 8, depth: 1,
            seed: settings.seed), geometry: .squash(size), activations: activations)
      } else {
        Trainer.Sources(
          data: data, split: split,
          network: try architecture.network(
            size: size, channels: 3, labels: data.labels, width: 8,
            depth: architecture == .plain ? 2 : 1, seed: settings.seed),
          geometry: .squash(size))
      }
    return try Trainer(
      sources, settings: settings, engine: engine, keptBytes: keptBytes, isStrict: isStrict,
      checkpointPath: checkpoint)
  }

  @Test(arguments: Engine.available)
  func `a simple difference is learned without a mistake`(engine: Engine) throws {
    let trainer = try Self.trainer(folder, Self.settings(), engine: engine)
    #expect(try trainer.run() == .finished)
    #expect(try trainer.evaluate().accuracy == 1)
    #expect(trainer.history.count == 6)
    #expect(trainer.history[5].trainingLoss < trainer.history[0].trainingLoss / 2)
    let classifier = CompiledNetwork(try trainer.trained, engine: engine)
    #expect(classifier.labels == ["level", "slanted", "upright"])
  }

  @Test(arguments: Architecture.allCases)
  func `every architecture learns`(architecture: Architecture) throws {
    var settings = Self.settings()
    settings.method = .adamw
    settings.rate = 0.01
    // Couplings begin as nothing, in front of a head that sees little but colours.
    settings.epochs = architecture == .invertible ? 24 : 8
    let trainer = try Self.trainer(folder, settings, architecture: architecture)
    #expect(try trainer.run() == .finished)
    #expect(try trainer.evaluate().accuracy >= 0.9)
  }

  /// Weights at the end, with the settings that leave most to be kept.
  private static func rich() -> TrainingSettings {
    var settings = settings()
    settings.epochs = 3
    settings.method = .adamw
    settings.averaging = 0.9
    settings.patience = 2
    settings.noise = 0.02
    settings.smoothing = 0.1
    settings.classWeights = .balanced
    settings.augmentation.flip = true
    settings.augmentation.color = 0.2
    settings.augmentation.cutout = 0.2
    settings.augmentation.mixup = 0.2
    return settings
  }

  @Test func `a training that was interrupted ends in the same bits`() throws {
    try Self.addCorrupt(2, to: folder)
    let straight = try Self.trainer(folder, Self.rich())
    #expect(try straight.run() == .finished)
    let expected = try straight.trained.onnx()

    let checkpoint = try TemporaryFolder()
    let path = checkpoint("checkpoint.safetensors")
    var rounds = 0
    while true {
      // Pictures are kept or decoded again; that is of no consequence.
      let trainer = try Self.trainer(
        folder, Self.rich(), checkpoint: path, keptBytes: rounds.isMultiple(of: 2) ? 0 : 1 << 20)
      if rounds > 0 { try trainer.resume() }
      rounds += 1
      var steps = 0
      let ending = try trainer.run(until: {
        steps += 1
        return steps == 2
      })
      guard ending == .finished else { continue }
      #expect(try trainer.trained.onnx() == expected)
      #expect(trainer.history.map(\.validationLoss) == straight.history.map(\.validationLoss))
      #expect(trainer.history.map(\.trainingLoss) == straight.history.map(\.trainingLoss))
      break
    }
    #expect(rounds > 3)
  }

  @Test(arguments: [Trainer.Activations.recomputed, .stored])
  func `an invertible training that was interrupted ends in the same bits`(
    activations: Trainer.Activations
  ) throws {
    func trainer(_ checkpoint: String? = nil) throws -> Trainer {
      try Self.trainer(
        folder, Self.rich(), architecture: .invertible, activations: activations,
        checkpoint: checkpoint)
    }
    let straight = try trainer()
    #expect(try straight.run() == .finished)
    let network = try #require(try straight.trainedInvertible)
    let expected = try network.onnx()

    let checkpoint = try TemporaryFolder()
    let path = checkpoint("checkpoint.safetensors")
    #expect(
      try trainer(path).run(until: Self.stopping(after: 5)) == .interrupted)
    let resumed = try trainer(path)
    try resumed.resume()
    #expect(try resumed.run() == .finished)
    #expect(try #require(try resumed.trainedInvertible).onnx() == expected)

    // It comes back from its file as it was, and gives pictures back.
    let file = try ModelFile(onnx: expected)
    #expect(file.notes.isEmpty)
    #expect(try #require(file.invertible).structure == network.structure)
    #expect(try #require(file.reconstructionError) < 1e-5)
  }

  private static func stopping(after count: Int) -> () -> Bool {
    var steps = 0
    return {
      steps += 1
      return steps == count
    }
  }

  @Test func `keeping activations and restoring them learn alike`() throws {
    var settings = Self.settings()
    settings.epochs = 2
    let trainers = try Trainer.Activations.allCases.map {
      try Self.trainer(folder, settings, architecture: .invertible, activations: $0)
    }
    for trainer in trainers { _ = try trainer.run() }
    let losses = trainers.map { $0.history.map(\.trainingLoss) }
    for (one, other) in zip(losses[0], losses[1]) {
      #expect((one - other).magnitude < 0.02 * other)
    }
    #expect(trainers[0].activationByteCount < trainers[1].activationByteCount)
  }

  @Test func `a checkpoint of another training is refused with what differs`() throws {
    let place = try TemporaryFolder()
    let path = place("checkpoint.safetensors")
    #expect(throws: TrainingError.self) {
      try Self.trainer(folder, Self.settings(), checkpoint: path).resume()
    }
    _ = try Self.trainer(folder, Self.settings(), checkpoint: path).run(until: { true })
    var other = Self.settings()
    other.batch = 12
    let trainer = try Self.trainer(folder, other, checkpoint: path)
    let error = #expect(throws: TrainingError.self) { try trainer.resume() }
    #expect(error?.description.contains("--batch 16, not 12") == true)
    try place.write(Array("rubbish".utf8), to: "checkpoint.safetensors")
    #expect(throws: TrainingError.self) { try trainer.resume() }
  }

  @Test func `pictures that cannot be read are named once and passed over`() throws {
    try Self.addCorrupt(3, to: folder)
    let names = Mutex<[String]>([])
    let trainer = try Self.trainer(folder, Self.settings())
    _ = try trainer.run(reporting: { event in
      if case .skipped(let problem) = event { names.withLock { $0.append(problem.name) } }
    })
    #expect(
      names.withLock { $0.sorted() } == ["level/bad0.png", "level/bad1.png", "level/bad2.png"])
    #expect(try trainer.evaluate().accuracy == 1)
    let strict = try Self.trainer(folder, Self.settings(), isStrict: true)
    let error = #expect(throws: TrainingError.self) { try strict.run() }
    #expect(error?.description.contains("level/bad") == true)
  }

  @Test func `attacked pictures stay in the ball and in range, and are worse`() throws {
    let trainer = try Self.trainer(folder, Self.settings())
    _ = try trainer.run()
    let plain = try trainer.evaluate()
    let weak = try trainer.evaluate(attackedBy: Attack(radius: 0.001, steps: 3))
    let strong = try trainer.evaluate(attackedBy: Attack(radius: 4, steps: 5))
    #expect(abs(weak.loss - plain.loss) < 0.05)
    #expect(strong.loss > plain.loss + 0.5)
    #expect(strong.accuracy < plain.accuracy)

    let network = try TrainableNetwork(try trainer.trained)
    var random = TestRandom(1)
    let inputs = random.tensor([2, 3, 16, 16], in: 0...1)
    let attacked = Attack(radius: 0.7, steps: 4).attacked(
      inputs, targets: Batch.targets([0, 1], classCount: 3), by: network, loss: CrossEntropy(),
      phase: .inference, seed: 0, samples: [7, 8])
    for item in 0..<2 {
      let change = attacked.item(item) - inputs.item(item)
      #expect(change.dot(change).squareRoot() < 0.7 * 1.0001)
      #expect(change.dot(change).squareRoot() > 0.2)
    }
    #expect(attacked.scalars.allSatisfy { (0...1).contains($0) })
  }

  @Test func `a network is tuned with a new head, its beginning frozen`() throws {
    let data = try DataSet.reading(folder.path)
    let old = try Architecture.plain.network(
      size: PixelSize(side: 16), channels: 3, labels: ["x", "y"], width: 8, depth: 2, seed: 1)
    let tuning = try FineTuning(old, labels: data.labels, freezing: "pool1", seed: 2)
    #expect(tuning.hasNewHead)
    #expect(tuning.frozen == ["centered", "conv1", "conv1.norm", "relu1", "pool1"])
    let trainer = try Trainer(
      Trainer.Sources(
        data: data, split: try DataSplit(data, validation: .share(0.25), seed: 0),
        network: tuning.network, geometry: .squash(PixelSize(side: 16)), frozen: tuning.frozen),
      settings: Self.settings())
    #expect(try trainer.run() == .finished)
    #expect(try trainer.evaluate().accuracy >= 0.9)
    let trained = try trainer.trained
    for (before, after) in zip(old.nodes, trained.nodes) {
      let isSame = before.layer.parameters == after.layer.parameters
      #expect(isSame == (tuning.frozen.contains(before.name) || before.layer.parameters.isEmpty))
    }
    #expect(try !FineTuning(trained, labels: data.labels, seed: 0).hasNewHead)
    #expect(throws: TrainingError.self) {
      try FineTuning(old, labels: data.labels, freezing: "nothing", seed: 0)
    }
  }

  @Test func `a head whose bias is a constant that is added gets a new one`() throws {
    let old = try Network(
      input: "x", inputShape: [3, 4, 4],
      nodes: [
        .init("pooled", GlobalAveragePool(), of: ["x"]),
        .init("flat", Reshape(item: [3]), of: ["pooled"]),
        .init(
          "product", try Dense(weights: Tensor(repeating: 1, shape: [3, 2]), transposed: false),
          of: ["flat"]),
        .init("bias", Constant(Tensor([1, 2], shape: [2])), of: []),
        .init("scores", Add(), of: ["product", "bias"]),
      ], logits: "scores", labels: ["x", "y"])
    let tuned = try FineTuning(old, labels: ["a", "b", "c"], seed: 2).network
    #expect(tuned.nodes.map(\.name) == old.nodes.map(\.name))
    #expect(tuned.nodes[2].layer.parameters.map(\.shape) == [[3, 3]])
    #expect(tuned.nodes[3].layer.parameters == [Tensor(zeros: [3])])
    #expect(try TrainableNetwork(tuned).parameters.map(\.name.layer) == ["product", "bias"])
  }

  @Test(
    arguments: [
      "epochs": { $0.epochs = 0 }, "batch": { $0.batch = 0 }, "rate": { $0.rate = -1 },
      "warm-up": { $0.warmUp = -1 }, "label-smoothing": { $0.smoothing = 1 },
      "average": { $0.averaging = 1 }, "steps": { $0.attack = Attack(radius: 1, steps: 0) },
      "noise": { $0.noise = -1 }, "class-weights": { $0.classWeights = .list([1, 2]) },
    ] as [String: @Sendable (inout TrainingSettings) -> Void])
  func `settings that make no training are refused by name`(
    name: String, change: @Sendable (inout TrainingSettings) -> Void
  ) throws {
    var settings = Self.settings()
    change(&settings)
    let error = #expect(throws: TrainingError.self) { try settings.complete.check(classCount: 3) }
    #expect(error?.description.hasPrefix("--\(name)") == true)
  }
}

import ArgumentParser
import Foundation
import Imaging
import Jobs
import Kernels
import Networks
import Tensors
import Training

/// What is learned from.
struct TrainingInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Pictures for validation: a share or a number, of each class its part, chosen by --seed and "
        + "the picture's name. Not for data that say it themselves.", valueName: "0.1|500"))
  var validation = "0.1"

  @Option(
    help: ArgumentHelp(
      "Names of the classes of IDX files, one a line.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The side of the pictures that the network sees. Default: 64, or that of IDX files.",
      valueName: "pixels"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "How pictures become that size: squash:64, crop:72:64 or letterbox:64, as in 'render'. "
        + "Default: squash.", valueName: "geometry"))
  var resize: String?

  @Flag(help: "Look at brightness only.")
  var gray = false

  @Flag(help: "Stop at a picture that cannot be read, instead of naming it and going on.")
  var strict = false

  func validationSize() throws(TrainingError) -> DataSplit.Size {
    guard let size = DataSplit.Size(validation) else {
      throw TrainingError(
        .request,
        "--validation: expected a share between 0 and 1 or a number of pictures, found "
          + "'\(validation)'")
    }
    return size
  }

  func labelNames() throws(TrainingError) -> [String]? {
    guard let labels else { return nil }
    guard let text = try? String(contentsOf: URL(filePath: labels), encoding: .utf8) else {
      throw TrainingError(
        .request, "--labels: '\(labels)' cannot be read; expected UTF-8 text, one name a line")
    }
    return text.split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }

  /// How pictures become a network's size; nil where nothing was said.
  func geometry() throws(TrainingError) -> InputGeometry? {
    if let size, !(8...1024).contains(size) {
      throw TrainingError(.request, "--size: expected 8 to 1024, found \(size)")
    }
    guard let resize else { return size.map { .squash(PixelSize(side: $0)) } }
    let geometry: InputGeometry
    do throws(InputGeometryError) {
      geometry = try InputGeometry(parsing: resize)
    } catch {
      throw TrainingError(.request, "--resize \(error)")
    }
    guard size == nil || geometry.input == PixelSize(side: size ?? 0) else {
      throw TrainingError(
        .request, "--size \(size ?? 0) and --resize \(geometry) ask for different sizes; give one")
    }
    return geometry
  }
}

/// What is trained.
struct TrainedNetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "plain (convolutions and poolings), residual (blocks with a way around them), mobile "
        + "(depthwise blocks) or invertible (features that determine the picture).",
      valueName: "name"))
  var architecture = Architecture.plain

  @Option(
    help: ArgumentHelp(
      "Channels of the first convolution. Default: 32 for plain, else 16.", valueName: "number"))
  var width: Int?

  @Option(
    help: ArgumentHelp(
      "Convolutions of plain (default 4), couplings in the last stage of invertible (default 3), "
        + "blocks to a stage of the others (default 2).", valueName: "number"))
  var depth: Int?

  @Option(
    help: ArgumentHelp(
      "Of an invertible network: recomputed (each block's input is restored by its inverse, so "
        + "that memory does not grow with depth) or stored (faster). Default: recomputed.",
      valueName: "name"))
  var activations: Trainer.Activations?

  @Option(
    name: [.customLong("init")],
    help: ArgumentHelp(
      "Begin with the weights of this network, with a new last layer unless it has the same classes.",
      valueName: "file"))
  var initial: String?

  @Option(
    help: ArgumentHelp(
      "What the network of --init was trained on, as in 'render', unless it says so itself.",
      valueName: "preset|file"))
  var preprocess: String?

  @Option(
    help: ArgumentHelp(
      "Keep the weights of --init up to this layer; 'tidemark inspect' lists the layers.",
      valueName: "layer"))
  var freeze: String?

  /// Where the training begins.
  func start(
    for data: DataSet, input: TrainingInputOptions, seed: UInt64
  ) throws -> TrainingStart {
    let geometry = try input.geometry()
    if let initial { return try opened(initial, geometry, data, input, seed) }
    guard freeze == nil, preprocess == nil else {
      throw TrainingError(
        .request, "--freeze and --preprocess are about the network of --init, which is missing")
    }
    let (width, depth) = (
      width ?? architecture.defaultWidth, depth ?? architecture.defaultDepth
    )
    guard (1...4096).contains(width), (1...200).contains(depth) else {
      throw TrainingError(
        .request,
        "expected a --width of 1 to 4096 and a --depth of 1 to 200, found \(width) and \(depth)")
    }
    let fitting = geometry ?? .squash(data.pictureSize ?? PixelSize(side: 64))
    let channels = input.gray ? 1 : data.channels ?? 3
    if architecture == .invertible {
      let network = try architecture.invertibleNetwork(
        size: fitting.input, channels: channels, labels: data.labels, width: width, depth: depth,
        seed: seed)
      return TrainingStart(
        network: network.network, invertible: network, activations: activations ?? .recomputed,
        geometry: fitting, description: "invertible, width \(width), depth \(depth)")
    }
    try checkActivations(nil)
    return TrainingStart(
      network: try architecture.network(
        size: fitting.input, channels: channels, labels: data.labels, width: width, depth: depth,
        seed: seed),
      geometry: fitting,
      description: "\(architecture.rawValue), width \(width), depth \(depth)")
  }

  private func opened(
    _ path: String, _ geometry: InputGeometry?, _ data: DataSet, _ input: TrainingInputOptions,
    _ seed: UInt64
  ) throws -> TrainingStart {
    guard width == nil, depth == nil, !input.gray else {
      throw TrainingError(
        .request, "--width, --depth and --gray are for new networks; --init has its own")
    }
    let opened = try OpenedModel(
      SampleModels.path(of: path), preprocess: preprocess, resize: geometry?.description,
      labels: nil)
    let tuning = try FineTuning(
      opened.network, labels: data.labels, freezing: freeze.map { LayerName($0) }, seed: seed)
    let invertible = try opened.invertible.map { network in
      try InvertibleNetwork(network.structure, of: tuning.network)
    }
    try checkActivations(invertible)
    return TrainingStart(
      network: tuning.network, invertible: invertible, activations: activations ?? .recomputed,
      geometry: opened.resize, frozen: tuning.frozen,
      notes: opened.notes + [
        tuning.hasNewHead
          ? "the last layer of \(path) is new, for \(data.labels.count) classes"
          : "\(path) has the same classes; its last layer stays"
      ],
      description: "begun with \(opened.record.file)"
        + (freeze.map { ", frozen up to \($0)" } ?? ""))
  }

  private func checkActivations(_ invertible: InvertibleNetwork?) throws(TrainingError) {
    guard activations == nil || invertible != nil else {
      throw TrainingError(
        .request,
        "--activations is about invertible networks; leave it out, or choose --architecture "
          + "invertible")
    }
  }
}

/// A network before its training.
struct TrainingStart {
  let network: Network
  /// The same as invertible blocks, where it is made of such.
  var invertible: InvertibleNetwork?
  var activations = Trainer.Activations.stored
  let geometry: InputGeometry
  var frozen: Set<LayerName> = []
  var notes: [String] = []
  let description: String

  func sources(data: DataSet, split: DataSplit) -> Trainer.Sources {
    if let invertible {
      return Trainer.Sources(
        data: data, split: split, invertible: invertible, geometry: geometry, frozen: frozen,
        activations: activations)
    }
    return Trainer.Sources(
      data: data, split: split, network: network, geometry: geometry, frozen: frozen)
  }

  /// Pixels go in as they are: what else is done to them is a layer of the network.
  var preprocessing: Preprocessing {
    get throws(NetworkError) {
      try Preprocessing(order: network.inputShape[0] == 1 ? .gray : .rgb, resize: geometry)
    }
  }
}

/// How it is learned.
struct LearningOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Times that every picture is learned from.", valueName: "number"))
  var epochs = TrainingSettings().epochs

  @Option(help: ArgumentHelp("Pictures in a step.", valueName: "number"))
  var batch = TrainingSettings().batch

  @Option(
    help: ArgumentHelp("adamw, or sgd (with momentum 0.9).", valueName: "name"))
  var optimizer = TrainingSettings().method

  @Option(
    help: ArgumentHelp(
      "The largest learning rate; it goes down along a cosine. Default: 0.05 for sgd, 0.01 for "
        + "adamw.", valueName: "number"))
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "How strongly weights are pulled to 0, biases and normalisations left alone. Default: 0.0005 "
        + "for sgd, 0.05 for adamw.", valueName: "number"))
  var weightDecay: Float?

  @Option(
    help: ArgumentHelp("Epochs until the learning rate is the largest.", valueName: "number"))
  var warmUp = TrainingSettings().warmUp

  @Option(
    help: ArgumentHelp(
      "The share of every target that is spread over all classes.", valueName: "0...1"))
  var labelSmoothing: Float = 0

  @Option(
    help: ArgumentHelp(
      "How pictures are changed, with strengths if you like: flip, crop:0.125 (shifts up to this "
        + "share), color:0.2, cutout:0.25, mixup:0.2, separated by commas.", valueName: "changes"))
  var augment = "none"

  @Option(
    help: ArgumentHelp(
      "What classes count for: none (all alike), balanced (rare ones more), or a number for each, "
        + "separated by commas.", valueName: "weights"))
  var classWeights = "none"

  @Option(
    help: ArgumentHelp(
      "How much of the weights' moving average stays in a step, such as 0.999; 0 for the weights as "
        + "they are.", valueName: "0...1"))
  var average: Float = 0

  @Option(
    help: ArgumentHelp(
      "End after so many epochs without a smaller loss in validation, with the weights of the best "
        + "epoch; 0 goes on to the end.", valueName: "epochs"))
  var patience = 0

  func settings() throws(TrainingError) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.epochs = epochs
    settings.batch = batch
    settings.method = optimizer
    if let rate {
      guard rate > 0, rate.isFinite else {
        throw TrainingError(.request, "--rate: expected a number above 0, found \(rate)")
      }
      settings.rate = rate
    }
    if let weightDecay {
      guard weightDecay >= 0, weightDecay.isFinite else {
        throw TrainingError(.request, "--weight-decay: expected 0 or more, found \(weightDecay)")
      }
      settings.weightDecay = weightDecay
    }
    settings.warmUp = warmUp
    settings.smoothing = labelSmoothing
    settings.augmentation = try Augmentation(parsing: augment)
    guard let weights = TrainingSettings.ClassWeights(classWeights) else {
      throw TrainingError(
        .request,
        "--class-weights: expected none, balanced or numbers separated by commas, found "
          + "'\(classWeights)'")
    }
    settings.classWeights = weights
    settings.averaging = average
    settings.patience = patience
    return settings
  }
}

/// What the network is to stand.
struct RobustnessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Learn from pictures attacked within this Euclidean distance, in pixels 0...1, such as l2:0.5.",
      valueName: "l2:E"))
  var adversarial: String?

  @Option(
    help: ArgumentHelp(
      "Tell the accuracy under attack within this distance in the end. Default: as --adversarial.",
      valueName: "l2:E"))
  var attack: String?

  @Option(help: ArgumentHelp("Steps of an attack.", valueName: "number"))
  var steps = 7

  @Option(
    help: ArgumentHelp(
      "Learn from pictures with Gaussian noise of this deviation, in pixels 0...1.",
      valueName: "sigma"))
  var noise: Float = 0

  func trainedAttack() throws(TrainingError) -> Attack {
    try adversarial.map { text throws(TrainingError) in try parsed(text, "--adversarial") }
      ?? Attack(radius: 0, steps: steps)
  }

  func attackToAsk(trained: Attack) throws(TrainingError) -> Attack? {
    if let attack { return try parsed(attack, "--attack") }
    return trained.radius > 0 ? trained : nil
  }

  private func parsed(_ text: String, _ option: String) throws(TrainingError) -> Attack {
    guard let attack = Attack(text, steps: steps) else {
      throw TrainingError(
        .request, "\(option): expected l2:E with E above 0, such as l2:0.5, found '\(text)'")
    }
    return attack
  }
}

/// What an invertible network is to learn beside classes.
struct InvertibleTrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much the density of pictures counts beside their classes, such as 3, so that what is "
        + "restored from features looks like the data. Give --noise, too. Default: nothing.",
      valueName: "weight"))
  var likelihood: Float?

  @Option(
    help: ArgumentHelp(
      "The most that the inner networks of couplings may stretch, such as 1. Default: no bound.",
      valueName: "gain"))
  var couplingBound: Float?
}

/// How the work is done.
struct TrainingRunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Threads to compute with. The last bits of the weights depend on it.", valueName: "number"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: ArgumentHelp(
      "Memory for decoded pictures, such as 2G; what does not fit is decoded anew in every epoch.",
      valueName: "size"))
  var memory = "1G"

  @OptionGroup var computing: EngineOption

  @Flag(help: "Go on where the same command was interrupted.")
  var resume = false

  func validate() throws { try ThreadOption.check(threads) }

  func keptBytes() throws(TrainingError) -> Int {
    guard let budget = MemoryBudget(memory) else {
      throw TrainingError(
        .request, "--memory: expected a size such as 2G or 512M, found '\(memory)'")
    }
    return budget.byteCount
  }
}

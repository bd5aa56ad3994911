public import ArgumentParser
import Foundation
import Imaging
import Jobs
import Kernels
import Networks
public import Training

/// Trains a network on pictures with classes.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a small network on pictures with classes.",
    discussion: """
      Examples:
        tidemark train photos-by-class/ --out Outputs/net.onnx
        tidemark train table.csv --size 96 --architecture residual --epochs 40 \\
            --augment flip,crop,color --out Outputs/net.onnx
        tidemark train train-images-idx3-ubyte.gz --validation 1000 --out Outputs/digits.onnx
        tidemark train photos-by-class/ --adversarial l2:0.5 --out Outputs/robust.onnx
        tidemark train photos-by-class/ --architecture invertible --out Outputs/inverse.onnx
        tidemark train birds/ --init mobilenetv2.onnx --preprocess imagenet --freeze 464 \\
            --out Outputs/birds.onnx

      DATA is a folder with a folder of pictures for each class (or with train and val, which have \
      these); a table with the columns path, label and, if you like, split (train or val); or an IDX \
      file of pictures as MNIST's, whose labels lie beside it, packed by gzip or not.

      Beside NAME.onnx, the folder NAME.training holds history.jsonl (a line for each epoch), \
      learning-curve.png, confusion-matrix.png, split.csv (what each picture was for) and, until the \
      training is finished, checkpoint.safetensors. An interrupted training goes on by the same \
      command with --resume, and ends in the same bits as if it had not been interrupted.

      The model carries its labels, its preprocessing and the record of its training: \
      'tidemark render PICTURES --model NAME.onnx --method grad-cam --out FOLDER' needs no more.
      """)

  @Argument(
    help: ArgumentHelp("Pictures: a folder, a table or an IDX file.", valueName: "data"))
  var data: String

  @Option(
    name: [.customLong("out")], help: ArgumentHelp("The model, an ONNX file.", valueName: "file"))
  var output: String

  @OptionGroup(title: "Data") var input: TrainingInputOptions
  @OptionGroup(title: "Network") var network: TrainedNetworkOptions
  @OptionGroup(title: "Learning") var learning: LearningOptions
  @OptionGroup(title: "Robustness") var robustness: RobustnessOptions
  @OptionGroup(title: "Invertible networks") var inverting: InvertibleTrainingOptions
  @OptionGroup(title: "Running") var running: TrainingRunOptions

  func validate() throws {
    guard output.hasSuffix(".onnx") else {
      throw ValidationError("--out: expected a file ending in .onnx, found '\(output)'")
    }
  }

  func run() throws {
    let settings = try settings()
    let attack = try robustness.attackToAsk(trained: settings.attack)
    let data = try DataSet.reading(data, labels: try input.labelNames())
    for note in data.notes { Console.note(note) }
    let split = try DataSplit(
      data, validation: try input.validationSize(), seed: settings.seed)
    let start = try network.start(for: data, input: input, seed: settings.seed)
    for note in start.notes { Console.note(note) }
    let folder = try TrainingFolder(model: output)
    let trainer = try Trainer(
      start.sources(data: data, split: split),
      settings: settings, engine: running.computing.engine, threads: running.threads,
      keptBytes: try running.keptBytes(), isStrict: input.strict,
      checkpointPath: folder.checkpoint)
    if running.resume { try trainer.resume() }
    try folder.write(split, of: data)
    let display = TrainingDisplay(
      pictures: split.training.count, classes: data.labels.count,
      parameters: start.network.parameterCount)
    display.begin()

    let stop = StopRequest()
    defer { withExtendedLifetime(stop) {} }
    let history = HistoryKeeper(trainer.history)
    let ending = try trainer.run(
      reporting: { event in
        display.tell(event)
        if case .epoch(let record) = event { folder.tryToWrite(history.adding(record)) }
      }, until: { stop.signal != nil })
    if ending == .interrupted {
      Console.writeToError(
        "\ntidemark: interrupted; '\(folder.checkpoint)' holds the training so far, and the same "
          + "command with --resume goes on\n")
      throw ExitCode(128 + (stop.signal ?? SIGINT))
    }
    try finish(trainer, start, data, split, settings, attack, folder)
  }

  /// Writes the model and what is to be seen of it.
  private func finish(
    _ trainer: Trainer, _ start: TrainingStart, _ data: DataSet, _ split: DataSplit,
    _ settings: TrainingSettings, _ attack: Attack?, _ folder: TrainingFolder
  ) throws {
    let evaluation = try trainer.evaluate()
    let attacked = try attack.map { try trainer.evaluate(attackedBy: $0) }
    let record = TrainingRecord(
      program: "tidemark \(Release.version)", engine: running.computing.engine.version,
      threads: running.threads, network: start.description, settings: settings,
      trainingPictures: split.training.count, validationPictures: split.validation.count,
      epochs: trainer.history.count, chosenEpoch: trainer.chosenEpoch, validation: evaluation)
    let metadata = try ModelMetadata.texts(
      preprocessing: try start.preprocessing, training: record)
    let trained = try trainer.trained
    let invertible = try trainer.trainedInvertible
    do throws(ModelError) {
      if let invertible {
        try invertible.write(onnx: output, metadata: metadata)
      } else {
        try trained.write(onnx: output, metadata: metadata)
      }
    } catch {
      throw JobError(.environment, "\(error)")
    }
    try folder.write(trainer.history)
    try folder.write(evaluation, classes: data.labels)
    folder.removeCheckpoint()
    print(
      "\(output): accuracy \(Self.percent(evaluation.accuracy)) on \(evaluation.count) pictures for "
        + "validation (epoch \(trainer.chosenEpoch) of \(trainer.history.count)); look at "
        + "\(folder.path)/learning-curve.png")
    if let attack, let attacked {
      print(
        "accuracy \(Self.percent(attacked.accuracy)) under attack within l2:\(attack.radius) by "
          + "\(attack.steps) steps")
    }
  }

  static func percent(_ share: Double) -> String {
    "\((share * 1000).rounded() / 10) %"
  }

  private func settings() throws(TrainingError) -> TrainingSettings {
    var settings = try learning.settings()
    settings.seed = running.seed
    settings.noise = robustness.noise
    settings.likelihood = inverting.likelihood
    settings.couplingBound = inverting.couplingBound
    settings.attack = try robustness.trainedAttack()
    return settings.complete
  }
}

extension Architecture: ExpressibleByArgument {}
extension TrainingSettings.Method: ExpressibleByArgument {}
extension Trainer.Activations: ExpressibleByArgument {}

public import ArgumentParser
public import Boundaries
import Explanations
import Foundation
import Jobs
import Measures
import Networks
import Synchronization

/// Asks of a folder how near each picture is to another decision.
struct FlipsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flips",
    abstract: "Finds how near each picture of a folder is to another decision, and sums it up.",
    discussion: """
      Examples:
        tidemark flips photos-by-class/ --out Outputs/flips
        tidemark flips photos/ --model net.onnx --preprocess imagenet --norm linf --out Outputs/flips

      For each picture the nearest one is sought for which the network decides otherwise ('tidemark \
      methods flip-points' tells how). The distance is a measure of confidence that needs no softmax.

      Written are, into --out: flips.csv (a line for each picture), flips.json (the summary), \
      confidence.png (distance against confidence), pairs.csv and pairs.png (median distances between \
      classes), pictures.png (the least and the most robust pictures), directions.png and features.csv \
      with features.png (what the changes have in common: principal directions, and the parts of the \
      picture that matter, by QR with column pivoting; both need LAPACK), and run, the folder that \
      'tidemark render' would write, with each picture's counterpart.

      What a picture shows is taken from annotations.json, or else from the name of its folder; where \
      that is known, both distance and confidence are judged by how well they tell wrong predictions \
      from right ones. Run the same command again to go on after an interruption.
      """)

  @Argument(help: "Folders of pictures, and pictures.")
  var inputs: [String]

  @OptionGroup(title: "Network") var model: ModelOptions

  @Option(help: ArgumentHelp("What is nearest: l2, linf or l1.", valueName: "name"))
  var norm = Norm.l2

  @Option(
    help: ArgumentHelp(
      "Backward passes for each picture. More find nearer points.", valueName: "number"))
  var gradients = ProjectionSearch().gradients

  @Option(
    help: ArgumentHelp(
      "What is known about the pictures. Default: annotations.json beside the pictures, or in a folder "
        + "above.", valueName: "file"))
  var annotations: String?

  @Option(
    help: ArgumentHelp(
      "What is ranked by QR with column pivoting: cells (of a grid), superpixels (of the mean picture; for "
        + "pictures that lie alike), channels, or cosines (coefficients of low frequency).",
      valueName: "name"))
  var features = FlipFeatures.cells

  @OptionGroup var keeping: KeepingOptions

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup(title: "Running") var running: RunningOptions

  @Flag(help: "Make results again that are there already.")
  var force = false

  @Option(name: [.customLong("out")], help: ArgumentHelp("The output folder.", valueName: "folder"))
  var output: String

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("--out: expected a folder, found nothing") }
  }

  func run() async throws {
    Console.format.withLock { $0 = running.log }
    let methods = try MethodSelection.methods(
      named: [FlipPoints.about.name],
      settings: ["norm=\(norm.rawValue)", "search.gradients=\(gradients)"])
    let budget = try running.budget()
    let opened = try model.open()
    for note in opened.notes { Console.note(note) }
    var options = Job.Options()
    options.modelPath = model.model
    options.seed = seed
    options.keep = try keeping.mask()
    options.engine = running.engine
    let folder = "\(output)/run"
    let job = try Job(
      inputs: inputs, output: folder, model: opened, methods: methods, options: options)
    let truth = try TruthTable.found(annotations, beside: inputs)
    let store = try ArtifactStore(folder: folder)
    let runner = try JobRunner(
      job, into: store, threads: running.threads, memory: budget, redoes: force)
    let summary = try await running.watching(store) { try await runner.run(reporting: $0) }
    running.tell(summary.failures)
    if summary.isEmpty { throw Outcome.nothingDone }
    let study = try FlipStudy(of: job, in: store, truth: truth, features: features)
    try study.write(to: try ArtifactStore(folder: output))
    conclude(study)
    if !summary.failures.isEmpty { throw Outcome.someFailed }
  }

  // MARK: - Telling

  private func conclude(_ study: FlipStudy) {
    let statuses = study.statuses.sorted { $0.key < $1.key }
    print(
      TextTable.text(
        [["STATUS", "pictures"]] + statuses.map { [$0.key, "\($0.value)"] }, numbers: 1))
    if let detection = study.detection {
      print(
        TextTable.text([
          ["TELLS WRONG FROM RIGHT", "AUROC, 95 % interval"],
          ["distance", Self.text(detection.distance)],
          ["confidence", Self.text(detection.confidence)],
          ["distance less confidence", Self.text(detection.difference)],
        ]))
    } else {
      Console.note(
        "what the pictures show is not known, so nothing is said about wrong predictions; "
          + "--annotations names a file, or folders can be called after classes")
    }
    if let reason = study.reasonWithoutDirections {
      Console.note("no directions and features: \(reason)")
    }
    let median = study.medianDistance.map { String(format: "%.3g", $0) } ?? "none"
    print(
      "\(study.pictures.count) pictures, median \(norm.rawValue) distance \(median); look at \(output)/pictures.png"
    )
  }

  private static func text(_ finding: ErrorDetection.Finding) -> String {
    guard let interval = finding.interval else { return finding.reason ?? "" }
    return String(
      format: "%.3f (%.3f to %.3f), %d right, %d wrong", interval.mean, interval.lower,
      interval.upper, finding.right, finding.wrong)
  }
}

extension Norm: ExpressibleByArgument {}
extension FlipFeatures: ExpressibleByArgument {}

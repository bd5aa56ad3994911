public import ArgumentParser
public import Explanations
import Foundation
import Jobs
import Measures
import Networks
import Synchronization

/// Whether smoothing brings boundary saliency and the gradient together.
struct SmoothingStudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "smoothing",
    abstract: "Whether smoothing a network brings boundary saliency and the gradient together.",
    discussion: """
      For each network, picture and deviation of the noise, compares two maps of the smoothed network: the \
      gradient at the nearest point of the decision boundary (boundary-saliency) and at the picture. Wang, \
      Fredrikson and Datta (2021) say that they come nearer as the network is smoothed, or trained to be \
      robust. Then it compares how much integrated gradients depend on their baseline with how much those \
      from the boundary depend on how the boundary is found, both of the network as it is.

      Examples:
        tidemark study smoothing digits/ --network standard=a.onnx --network robust=b.onnx \\
            --preprocess raw --out Outputs/smoothing
        tidemark study smoothing photos/ --network net.onnx --preprocess caffe \\
            --deviations 0,0.1,0.25 --samples 16 --out Outputs/smoothing

      Written are smoothing.csv, sensitivity.csv (means over pictures with 95 % intervals), pictures.csv, \
      study.json, smoothing.png, and pictures/ with what was found for each. Run the same command again to \
      go on after an interruption.
      """)

  @Argument(help: "Folders of pictures, and pictures.")
  var inputs: [String]

  @Option(
    help: ArgumentHelp(
      "A network as FILE or NAME=FILE. May be repeated.", valueName: "network"))
  var network: [String] = []

  @Option(
    help: ArgumentHelp(
      "What the networks were trained on, as in 'render': one for all of them, or one for each, in order.",
      valueName: "preset|file"))
  var preprocess: [String] = []

  @Option(
    help: ArgumentHelp(
      "How pictures become a network's size, as in 'render'.", valueName: "geometry"))
  var resize: String?

  @Option(
    help: ArgumentHelp(
      "Deviations of the noise, pixels being 0...1; 0 is the network as it is.",
      valueName: "numbers"))
  var deviations = "0,0.05,0.1,0.25,0.5"

  @Option(help: ArgumentHelp("Copies of each smoothed answer.", valueName: "number"))
  var samples = SmoothingStudySettings().samples

  @Option(
    help: ArgumentHelp("What is differentiated: margin or logit.", valueName: "name"))
  var of = BoundaryScore.margin

  @Option(
    help: ArgumentHelp("Backward passes of each search for a boundary.", valueName: "number"))
  var gradients = SmoothingStudySettings().gradients

  @Flag(help: "Leave out the comparison of baselines.")
  var withoutBaselines = false

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup(title: "Running") var running: RunningOptions

  @Flag(help: "Make results again that are there already.")
  var force = false

  @Option(name: [.customLong("out")], help: ArgumentHelp("The output folder.", valueName: "folder"))
  var output: String

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("--out: expected a folder, found nothing") }
    guard !network.isEmpty else { throw ValidationError("--network is missing") }
    guard preprocess.count <= 1 || preprocess.count == network.count else {
      throw ValidationError(
        "--preprocess: expected one, or one for each of \(network.count) networks, found "
          + "\(preprocess.count)")
    }
    guard (2...100_000).contains(samples) else {
      throw ValidationError("--samples: expected 2 to 100000, found \(samples)")
    }
    guard gradients >= 4 else {
      throw ValidationError("--gradients: expected 4 or more, found \(gradients)")
    }
    _ = try levels()
  }

  func run() async throws {
    Console.format.withLock { $0 = running.log }
    let settings = SmoothingStudySettings(
      deviations: try levels(), samples: samples, score: of, gradients: gradients,
      comparesBaselines: !withoutBaselines, seed: seed)
    let budget = try running.budget()
    let members = try members(settings)
    let store = try ArtifactStore(folder: output)
    var failures: [MapFailure] = []
    for member in members {
      if members.count > 1 { Console.note(member.name) }
      let runner = try SmoothingStudyRunner(
        member, settings: settings, into: store, threads: running.threads, memory: budget,
        redoes: force)
      failures += try await running.watching(store) { try await runner.run(reporting: $0) }
    }
    running.tell(failures)
    let study = try SmoothingStudy(of: members, in: store)
    try study.write(to: store)
    tell(study)
    if !failures.isEmpty { throw Outcome.someFailed }
  }

  private func levels() throws -> [Double] {
    let levels = deviations.split(separator: ",").map {
      Double($0.trimmingCharacters(in: .whitespaces))
    }
    let known = levels.compactMap(\.self)
    guard known.count == levels.count, !known.isEmpty,
      known.allSatisfy({ (0...10).contains($0) }), Set(known).count == known.count
    else {
      throw ValidationError(
        "--deviations: expected different numbers of 0 to 10, separated by commas, found "
          + "'\(deviations)'")
    }
    return known.sorted()
  }

  private func members(
    _ settings: SmoothingStudySettings
  ) throws(JobError) -> [SmoothingStudyRunner.Member] {
    var members: [SmoothingStudyRunner.Member] = []
    for (index, text) in network.enumerated() {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let file = parts.last ?? text
      let name =
        parts.count > 1
        ? parts[0] : URL(filePath: file).deletingPathExtension().lastPathComponent
      guard !members.contains(where: { $0.name == name }) else {
        throw JobError(
          .request, "two networks are called '\(name)'; name them as in --network NAME=FILE")
      }
      let opened = try OpenedModel(
        SampleModels.path(of: file),
        preprocess: preprocess.count > 1 ? preprocess[index] : preprocess.first, resize: resize,
        labels: nil)
      for note in opened.notes { Console.note(note) }
      var options = Job.Options()
      options.modelPath = file
      options.engine = running.engine
      members.append(
        try SmoothingStudyRunner.Member(
          name, inputs: inputs, output: output, model: opened, settings: settings,
          options: options))
    }
    return members
  }

  // MARK: - Telling

  private func tell(_ study: SmoothingStudy) {
    func text(_ interval: Interval?) -> String {
      interval.map { String(format: "%.3f (%.3f to %.3f)", $0.mean, $0.lower, $0.upper) } ?? "-"
    }
    print(
      TextTable.text(
        [
          [
            "SALIENCY AT THE BOUNDARY AND GRADIENT", "noise", "cosine", "ranks", "unit distance",
            "boundary at",
          ]
        ]
          + study.levels.map {
            [
              $0.network, "\($0.deviation)", text($0.cosine), text($0.rank), text($0.distance),
              text($0.boundary),
            ]
          }, numbers: 5))
    if !study.sensitivity.isEmpty {
      print(
        "\n"
          + TextTable.text(
            [["MAPS AMONG THEMSELVES", "", "cosine", "ranks", "cosine less that of baselines"]]
              + study.sensitivity.map {
                [$0.network, $0.variant, text($0.cosine), text($0.rank), text($0.gain)]
              }, numbers: 3))
    }
    print("look at \(output)/smoothing.png")
  }
}

extension BoundaryScore: ExpressibleByArgument {}

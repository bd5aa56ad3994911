public import ArgumentParser
import Foundation
public import Jobs
import Kernels
import Measures
import Synchronization

/// Measures whether the maps of a run can be trusted.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract:
      "Measures whether the maps of a run can be trusted, and beside them maps that know nothing.",
    discussion: """
      Examples:
        tidemark evaluate Outputs/first
        tidemark evaluate Outputs/first --annotations photos/annotations.json
        tidemark evaluate Outputs/first --measure localization,insertion --out Outputs/judged
        tidemark evaluate --list

      RUN is a folder that 'tidemark render' made. Every map in it is measured, and so are five \
      controls: a random map, a Gaussian in the middle, an edge detector, the blurred and the squared \
      gradient. A measure by which the best of them does as well as the best method says nothing on \
      these pictures, and is marked.

      Written are, into RUN/evaluation unless --out says otherwise: measures.csv (a line for each \
      picture and method), summary.csv (means with 95 % intervals, and paired differences from the \
      best), evaluation.json (all of it, with definitions) and ranking.png. Run the same command again \
      to go on after an interruption.
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
  var run: String?

  @Option(
    help: ArgumentHelp(
      "What is known about the pictures: boxes, masks, classes. Default: annotations.json beside the "
        + "run's pictures, or in a folder above.", valueName: "file"))
  var annotations: String?

  @Option(
    help: ArgumentHelp(
      "What maps are to point at: object, or cue, the mark beside the point that annotations tell of.",
      valueName: "place"))
  var place = TruthPlace.object

  @Option(
    name: [.customLong("measure")],
    help: ArgumentHelp(
      "Measures or groups of them, separated by commas, or all. Default: "
        + "\(MeasureSelection.preferred.joined(separator: ",")), which explain nothing again.",
      valueName: "names"))
  var measures: [String] = []

  @Option(
    name: [.customLong("set")],
    help: ArgumentHelp(
      "KEY=VALUE for every chosen measure with this option, MEASURE.KEY=VALUE for one. May be "
        + "repeated.", valueName: "option"))
  var settings: [String] = []

  @Flag(
    help: "Hold maps against annotations that name another class than the one explained, too.")
  var anyClass = false

  @Option(
    help: ArgumentHelp("The run's network, if it lies elsewhere now.", valueName: "file"))
  var model: String?

  @Option(help: ArgumentHelp("The run's class names, as in 'render'.", valueName: "file"))
  var labels: String?

  @OptionGroup var running: RunningOptions

  @Flag(help: "Measure again what is there already.")
  var force = false

  @Flag(help: "List all measures, and measure nothing.")
  var list = false

  @Option(
    name: [.customLong("out")],
    help: ArgumentHelp("The output folder. Default: evaluation in RUN.", valueName: "folder"))
  var output: String?

  func validate() throws {
    guard list || run != nil else {
      throw ValidationError("RUN is missing: the folder that 'tidemark render' made")
    }
  }

  func run() async throws {
    guard !list, let folder = run else { return print(Self.listing) }
    Console.format.withLock { $0 = running.log }
    let chosen = try MeasureSelection.measures(named: names, settings: settings)
    let budget = try running.budget()
    let finished = try FinishedRun(folder)
    let opened = try OpenedModel(
      SampleModels.path(of: model ?? finished.manifest.modelPath),
      reading: finished.manifest.reading, labels: labels)
    let job = try finished.job(of: opened, engine: running.engine)
    var settings = EvaluationSettings(measures: chosen)
    settings.countsAnyClass = anyClass
    settings.truth = try truth(for: job, measures: chosen)

    let output = output ?? "\(folder)/evaluation"
    let store = try ArtifactStore(folder: output)
    let runner = try EvaluationRunner(
      finished, job: job, settings: settings, into: store, threads: running.threads,
      memory: budget,
      redoes: force)
    try conclude(
      try await running.watching(store) { try await runner.run(reporting: $0) }, in: output)
  }

  private var names: [String] {
    let names = measures.flatMap { names in
      names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return names.isEmpty ? MeasureSelection.preferred : names
  }

  /// What is known about the pictures, told to the user where it was found and not named.
  private func truth(for job: Job, measures: [ConfiguredMeasure]) throws -> TruthTable? {
    let found = try TruthTable.found(annotations, beside: job.manifest.inputs, place: place)
    if found == nil, measures.contains(where: { $0.about.group == .localization }) {
      Console.note(
        "nothing is known about where things are in these pictures, so nothing is said about "
          + "localization; --annotations names a file")
    }
    return found
  }

  // MARK: - Telling

  private func conclude(_ summary: EvaluationSummary, in output: String) throws {
    running.tell(summary.failures)
    for (method, count) in summary.missing.sorted(by: { $0.key < $1.key }) {
      Console.note("\(method): the run has no map for \(count) of the pictures")
    }
    for section in summary.sections { print(Self.text(of: section)) }
    var parts = ["\(summary.pictureCount) pictures measured"]
    if summary.annotatedCount > 0 { parts.append("\(summary.annotatedCount) annotated") }
    if summary.unchangedCount > 0 { parts.append("\(summary.unchangedCount) there already") }
    if !summary.failures.isEmpty { parts.append("\(summary.failures.count) failed") }
    print("\(parts.joined(separator: ", ")); look at \(output)/ranking.png")
    if summary.pictureCount == 0 { throw Outcome.nothingDone }
    if !summary.failures.isEmpty { throw Outcome.someFailed }
  }

  /// A table of means; stars stand at the best and at all that cannot be told from it.
  private static func text(of section: EvaluationSummary.Section) -> String {
    func arrow(_ better: MeasureDescription.Better) -> String {
      switch better {
      case .higher: "+"
      case .lower: "-"
      case .neither: ""
      }
    }
    let header =
      [section.group.rawValue.uppercased()]
      + section.columns.map { "\($0.name)\(arrow($0.better))\($0.isBlind ? " (!)" : "")" }
    let rows = section.rows.map { row in
      [row.isControl ? "(\(row.name))" : row.name]
        + row.cells.map { cell in
          cell.mean.map { "\(number($0))\(cell.isAmongBest ? "*" : " ")" } ?? "- "
        }
    }
    let blind = section.columns.contains { $0.isBlind }
    return TextTable.text([header] + rows, numbers: section.columns.count)
      + (blind ? "\n(!) the best control does as well as the best method on these pictures" : "")
      + "\n"
  }

  private static func number(_ value: Double) -> String {
    value.magnitude >= 1000 || value != 0 && value.magnitude < 0.001
      ? String(format: "%.1e", value) : String(format: "%.3f", value)
  }

  private static var listing: String {
    let rows = MeasureCatalog.all.map { entry in
      [entry.about.group.rawValue, entry.about.name, entry.about.summary]
    }
    return TextTable.text([["GROUP", "MEASURE", ""]] + rows)
  }
}

extension TruthPlace: ExpressibleByArgument {}

import ArgumentParser
import Foundation
import Jobs
import Kernels

/// `--threads`, for work whose results do not depend on it.
struct ThreadOption: ParsableArguments {
  static let allowed = 1...1024

  @Option(help: ArgumentHelp("Threads to use. Results do not depend on it.", valueName: "number"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws { try Self.check(threads) }

  static func check(_ threads: Int) throws {
    guard allowed.contains(threads) else {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }
}

/// `--engine`.
struct EngineOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What computes: \(Engine.available.map(\.rawValue).joined(separator: " or ")).",
      valueName: "name"))
  var engine = Engine.preferred

  func validate() throws {
    guard Engine.available.contains(engine) else {
      throw ValidationError(
        "--engine: this build has no \(engine.rawValue); there is "
          + Engine.available.map(\.rawValue).joined(separator: " and "))
    }
  }
}

/// How a job over many pictures is run, and told of.
struct RunningOptions: ParsableArguments {
  @OptionGroup var threading: ThreadOption

  @Option(
    help: ArgumentHelp(
      "Memory to stay within, such as 2G or 512M; it decides how many pictures are worked on side "
        + "by side. Default: half of the machine's.", valueName: "size"))
  var memory: String?

  @OptionGroup var computing: EngineOption

  @Option(
    help: ArgumentHelp(
      "What is told while the work goes on, on standard error: text for people, or json, an object a "
        + "line.", valueName: "format"))
  var log = LogFormat.text

  var threads: Int { threading.threads }
  var engine: Engine { computing.engine }

  /// Work that is told of as it goes on, and can be interrupted.
  func watching<Summary>(
    _ store: ArtifactStore,
    _ work: (@escaping @Sendable (RunEvent) -> Void) async throws -> Summary
  ) async throws -> Summary {
    let interruption = Interruption(of: store)
    defer { withExtendedLifetime(interruption) {} }
    let telling = Telling(format: log)
    return try await work { telling.tell($0) }
  }

  /// In JSON failures were told as they happened.
  func tell(_ failures: [MapFailure]) {
    guard log == .text else { return }
    for failure in failures { Console.failed("\(failure)") }
  }

  func budget() throws(JobError) -> MemoryBudget {
    guard let memory else { return .automatic }
    return try MemoryBudget(option: memory)
  }
}

extension TruthTable {
  /// The annotations that an option names, or else those beside the pictures, of which the user is told.
  static func found(
    _ file: String?, beside inputs: [String], place: TruthPlace = .object
  ) throws(JobError) -> TruthTable? {
    if let file { return try TruthTable(file, place: place) }
    let found = beside(inputs, place: place)
    if let found { Console.note("annotations from '\(found.file)'") }
    return found
  }
}

extension MemoryBudget {
  /// What `--memory` says.
  init(option text: String) throws(JobError) {
    guard let budget = MemoryBudget(text) else {
      throw JobError(.request, "--memory: expected a size such as 2G or 512M, found '\(text)'")
    }
    self = budget
  }
}

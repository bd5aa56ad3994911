import ArgumentParser
import Foundation
import Jobs
import Measures
import Networks
import Samples

/// Experiments about methods, from drawn pictures to a table.
struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Experiments about methods, from pictures to a table.",
    subcommands: [
      ShortcutStudyCommand.self, SmoothingStudyCommand.self, TwoMoonsStudyCommand.self,
    ])
}

/// Whether methods find the mark that a network relies on.
struct ShortcutStudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shortcut",
    abstract: "Whether methods find a mark that a network relies on instead of things.",
    discussion: """
      Draws two sets of pictures with small tags: one whose tags tell the class most of the time, one \
      whose tags tell nothing. Trains a network on each, asks both about the same new pictures, whose tags \
      agree with the class, and measures how much of what speaks for the class each method puts on the tag. \
      An honest method finds the tag for the first network, and not for the second.

      It runs the commands samples, train, render and evaluate, and says which, so that each step can be \
      repeated by hand with other options. What is there already is not made again.

      Example:
        tidemark study shortcut --out Outputs/shortcut

      Written are: worlds/ and models/, runs/relying and runs/honest (as by 'render', with their \
      evaluation), study.csv, study.json and study.png.
      """)

  @Option(name: [.customLong("out")], help: ArgumentHelp("The output folder.", valueName: "folder"))
  var output: String

  @Option(help: ArgumentHelp("Pictures that each network learns from.", valueName: "number"))
  var count = 6000

  @Option(help: ArgumentHelp("Epochs of either training.", valueName: "number"))
  var epochs = 12

  @Option(
    help: ArgumentHelp(
      "How often the tags that tell the class do.", valueName: "probability"))
  var shortcut: Float = 0.95

  @Option(help: ArgumentHelp("Pictures that are explained.", valueName: "number"))
  var pictures = 60

  @Option(
    name: [.customLong("method")],
    help: ArgumentHelp("Methods, as in 'render'.", valueName: "names"))
  var methods = "all"

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Threads to use.", valueName: "number"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    try ThreadOption.check(threads)
    guard (100...1_000_000).contains(count) else {
      throw ValidationError("--count: expected 100 to 1000000, found \(count)")
    }
    guard (2...100_000).contains(pictures) else {
      throw ValidationError("--pictures: expected 2 to 100000, found \(pictures)")
    }
    guard (0...1).contains(shortcut) else {
      throw ValidationError("--shortcut: expected a probability of 0 to 1, found \(shortcut)")
    }
  }

  func run() async throws {
    let store = try ArtifactStore(folder: output)
    let chance = 1 / Float(SampleClass.allCases.count)
    try await draw("relying", count: count, seed: seed, shortcut: shortcut)
    try await draw("honest", count: count, seed: seed, shortcut: chance)
    // Other pictures than those that are learned from, with tags that are right and wrong.
    try await draw("agreeing", count: pictures, seed: seed &+ 1, shortcut: 1)
    try await draw("contradicting", count: max(pictures, 100), seed: seed &+ 1, shortcut: 0)
    var accuracies: [String] = []
    for name in Self.networks {
      try await train(name)
      let share = try await accuracy(of: name)
      accuracies.append("\(name) \(TrainCommand.percent(share))")
      try await explain(name)
    }
    let study = try ShortcutStudy(
      relying: "\(output)/runs/relying/evaluation", honest: "\(output)/runs/honest/evaluation")
    try study.write(to: store)
    print("\n" + Self.text(study))
    print(
      "right where tags contradict the class: \(accuracies.joined(separator: ", ")); a network that "
        + "relies on tags is wrong there")
    print("look at \(output)/study.png")
  }

  private static let networks = ["relying", "honest"]

  // MARK: - Steps

  private func draw(
    _ name: String, count: Int, seed: UInt64, shortcut: Float
  ) async throws {
    let world = "\(output)/worlds/\(name)"
    guard !exists("\(world)/annotations.json") else { return }
    // What an interruption left of it.
    try? FileManager.default.removeItem(atPath: world)
    try await perform([
      "samples", "--out", world, "--count", "\(count)", "--seed", "\(seed)", "--shortcut",
      "\(shortcut)", "--threads", "\(threads)",
    ])
  }

  private func train(_ name: String) async throws {
    let model = "\(output)/models/\(name).onnx"
    guard !exists(model) else { return }
    try FileManager.default.createDirectory(
      atPath: "\(output)/models", withIntermediateDirectories: true)
    let resumes = exists("\(output)/models/\(name).training/checkpoint.safetensors")
    try await perform(
      [
        "train", "\(output)/worlds/\(name)/pictures", "--epochs", "\(epochs)", "--augment",
        "crop:0.06", "--seed", "\(seed)", "--threads", "\(threads)", "--out", model,
      ] + (resumes ? ["--resume"] : []))
  }

  private func explain(_ name: String) async throws {
    let (model, run) = ("\(output)/models/\(name).onnx", "\(output)/runs/\(name)")
    try await perform([
      "render", "\(output)/worlds/agreeing/pictures", "--model", model, "--method", methods,
      "--threads", "\(threads)", "--out", run,
    ])
    try await perform([
      "evaluate", run, "--place", "cue", "--measure", "energy-in-box,pointing-game", "--threads",
      "\(threads)",
    ])
  }

  /// The share of pictures with contradicting tags that a network takes for what they show.
  private func accuracy(of name: String) async throws -> Double {
    let run = "\(output)/runs/\(name)-contradicting"
    try await perform([
      "render", "\(output)/worlds/contradicting/pictures", "--model",
      "\(output)/models/\(name).onnx", "--method", "gradient", "--threads", "\(threads)", "--out",
      run,
    ])
    let table = try CSV.records(String(contentsOfFile: "\(run)/summary.csv", encoding: .utf8))
    guard let header = table.first?.fields, let path = header.firstIndex(of: "path"),
      let predicted = header.firstIndex(of: "predicted"), table.count > 1
    else { throw JobError(.environment, "\(run)/summary.csv is not as 'render' writes it") }
    let right = table.dropFirst().count {
      $0.fields[path].hasPrefix("\($0.fields[predicted])/")
    }
    return Double(right) / Double(table.count - 1)
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Runs a command of this program as if it had been typed.
  private func perform(_ arguments: [String]) async throws {
    Console.writeToError("tidemark: $ tidemark \(arguments.joined(separator: " "))\n")
    try await Tidemark.run(arguments)
  }

  private static func text(_ study: ShortcutStudy) -> String {
    func percent(_ value: Double?) -> String {
      value.map { String(format: "%.1f %%", 100 * $0) } ?? "-"
    }
    let rows = study.lines.map { line in
      [
        line.isControl ? "(\(line.method))" : line.method, line.finds ? "finds it" : "",
        percent(line.relying?.mean), percent(line.honest?.mean), percent(line.difference?.mean),
        percent(line.difference?.lower), percent(line.difference?.upper),
      ]
    }
    return TextTable.text(
      [["ENERGY ON THE MARK", "", "relying", "honest", "difference", "from", "to"]] + rows,
      numbers: 5)
  }
}

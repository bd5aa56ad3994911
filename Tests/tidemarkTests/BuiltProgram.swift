import Foundation

/// The built program, run as its users do, in a folder of its own.
final class BuiltProgram {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(component: "tidemark-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// How a run ended, and what it said.
  struct Result {
    let code: Int32
    let output: String
    let errors: String
  }

  /// The program lies beside the tests.
  static var location: URL {
    let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
    let tests = bundles.first ?? URL(filePath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appending(component: "tidemark")
  }

  /// The program, or another one, about to be run.
  func process(_ arguments: [String], program: URL = location) throws -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let texts = ["output", "errors"].map { folder.appending(component: "\($0).txt") }
    for text in texts { try Data().write(to: text) }
    process.standardOutput = try FileHandle(forWritingTo: texts[0])
    process.standardError = try FileHandle(forWritingTo: texts[1])
    process.standardInput = FileHandle.nullDevice
    return process
  }

  func run(_ arguments: [String], program: URL = location) throws -> Result {
    let process = try process(arguments, program: program)
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus, output: try text("output.txt"),
      errors: try text("errors.txt"))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path)
  }
}

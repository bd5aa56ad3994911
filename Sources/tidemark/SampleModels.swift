import Foundation
import Jobs

/// Networks that come with the program, called `sample:NAME`: plain, and invertible.
///
/// They are files beside the program, so that they are found where it was built, where it was moved
/// together with them, and where `Scripts/install` put it.
enum SampleModels {
  /// The one that is taken where no model is named.
  static let preferred = "sample:plain"

  private static let scheme = "sample:"

  static func isNamed(by model: String) -> Bool { model.hasPrefix(scheme) }

  /// The file of a network that is named so; any other path as it is.
  static func path(of model: String) throws(JobError) -> String {
    guard isNamed(by: model) else { return model }
    let folders = folders
    let file = "\(model.dropFirst(scheme.count)).onnx"
    for folder in folders {
      let path = folder.appending(component: file).path
      if names(in: folder).contains(file), FileManager.default.fileExists(atPath: path) {
        return path
      }
    }
    let known = folders.flatMap { names(in: $0) }.map { scheme + $0.dropLast(".onnx".count) }
    guard known.isEmpty else {
      throw JobError(
        .request,
        "--model: there is no '\(model)'; there is \(Set(known).sorted().joined(separator: " and "))"
      )
    }
    throw JobError(
      .environment,
      "the networks that come with tidemark are missing; looked in "
        + folders.map { "'\($0.path)'" }.joined(separator: " and ")
        + "; install by Scripts/install, or name a network of your own by --model")
  }

  /// Where networks may lie, in the order they are looked for: in the bundle that SwiftPM builds beside
  /// the program, then in the share folder of an installed program.
  private static var folders: [URL] {
    let program = (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath().deletingLastPathComponent()
    return [
      program.appending(path: "tidemark_tidemark.resources/SampleModels"),
      program.appending(path: "tidemark_tidemark.bundle/Contents/Resources/SampleModels"),
      program.appending(path: "tidemark_tidemark.bundle/SampleModels"),
      program.deletingLastPathComponent().appending(path: "share/tidemark/SampleModels"),
    ]
  }

  private static func names(in folder: URL) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).filter { $0.hasSuffix(".onnx") }
  }
}

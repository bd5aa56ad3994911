import Foundation
import Testing

/// What each part of the package may import. SwiftPM refuses modules that are not below, but lets a
/// module reach through a floor to one that it never declared.
struct ImportTableTests {
  /// A file may import what the rows of its folder and of the folders around it name.
  static let table: [(folder: String, modules: Set<String>)] = [
    ("Imaging", libc),
    // Our own kernels for noise.
    ("Tensors", libc.union(["CKernels"])),
    ("Directions", libc.union(["Imaging", "Tensors", "CLAPACK"])),
    ("ImageCodecs", ["Imaging", "CImageShims"]),
    (
      "Samples",
      foundation.union(["Imaging", "Tensors", "ImageCodecs", "Dispatch", "Synchronization"])
    ),
    ("Kernels", libc.union(["Tensors", "CComputeShims", "CKernels", "Synchronization"])),
    ("Networks", libc.union(["Imaging", "Tensors", "Kernels", "Synchronization"])),
    ("Networks/Files", foundation),
    ("Networks/Files/ONNX", ["SwiftProtobuf"]),
    ("Boundaries", libc.union(["Imaging", "Tensors", "Networks"])),
    // Kernels for windows, and for the engine and threads that a training runs on.
    (
      "Training",
      libc.union(foundation).union([
        "Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks", "Dispatch", "Synchronization",
      ])
    ),
    (
      "Explanations",
      foundation.union(libc).union([
        "Imaging", "Tensors", "Networks", "Boundaries", "Synchronization",
      ])
    ),
    (
      "Measures",
      foundation.union(libc).union([
        "Imaging", "Tensors", "Networks", "Explanations", "Synchronization",
      ])
    ),
    ("Rendering", libc.union(["Imaging", "Explanations"])),
    // Kernels for the engine that a job runs on, and for the width of its threads.
    (
      "Jobs",
      libc.union(foundation).union([
        "Imaging", "ImageCodecs", "Samples", "Tensors", "Kernels", "Networks", "Boundaries",
        "Explanations", "Measures", "Rendering", "Directions", "Crypto", "Synchronization",
      ])
    ),
    (
      "tidemark",
      foundation.union([
        "Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks", "Boundaries", "Explanations",
        "Measures",
        "Rendering", "Jobs", "Training", "Samples", "ArgumentParser", "Dispatch",
        "Synchronization",
      ])
    ),
    (
      "TestSupport",
      foundation.union([
        "Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks", "Explanations",
      ])
    ),
  ]

  static let libc: Set = ["Glibc", "Musl", "Darwin"]
  static let foundation: Set = ["Foundation", "FoundationEssentials"]

  @Test func `every file imports only what its floor may`() throws {
    let files = try Self.swiftFiles()
    #expect(!files.isEmpty)
    for file in files {
      let rows = Self.table.filter { file.hasPrefix("\($0.folder)/") }
      #expect(!rows.isEmpty, "Sources/\(file) lies in a target that the table does not know")
      let allowed = rows.reduce(into: Set<String>()) { $0.formUnion($1.modules) }
      for (line, module) in try Self.imports(of: file) where !allowed.contains(module) {
        Issue.record(
          "Sources/\(file):\(line): imports \(module); allowed: \(allowed.sorted())")
      }
    }
  }

  @Test func `every row of the table stands for files, and each C fence for one library`() throws {
    let files = try Self.swiftFiles()
    for row in Self.table {
      #expect(files.contains { $0.hasPrefix("\(row.folder)/") }, "no file is in \(row.folder)")
    }
    for fence in ["CImageShims", "CComputeShims", "CLAPACK"] {
      #expect(Self.table.count { $0.modules.contains(fence) } == 1, "\(fence)")
    }
    // Ours, with nobody's library behind it.
    #expect(
      Self.table.filter { $0.modules.contains("CKernels") }.map(\.folder) == ["Tensors", "Kernels"])
  }

  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(component: "Sources")

  /// Paths below Sources.
  private static func swiftFiles() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix(".swift") }.sorted()
  }

  /// Lines, counted from 1, and the modules that they import, submodules and kinds left aside.
  private static func imports(of file: String) throws -> [(line: Int, module: String)] {
    let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
    let statement =
      #/
      \s* (?: @\w+ (?: \( [^)]* \) )? \s+ )*
      (?: (?: public | package | internal | fileprivate | private ) \s+ )?
      import \s+ (?: (?: struct | class | enum | protocol | typealias | func | let | var ) \s+ )?
      (?<module> \w+ ) .*
      /#
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .compactMap { index, line in
        line.wholeMatch(of: statement).map { (index + 1, String($0.output.module)) }
      }
  }
}

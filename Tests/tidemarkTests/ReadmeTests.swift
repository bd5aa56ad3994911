import Foundation
import Testing

/// What the README lists must be what there is.
struct ReadmeTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `the operators of the README are those that can be read`() throws {
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let list = try #require(
      readme.split(separator: "Operators:").last?.split(separator: "; more where").first)
    let claimed = list.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
    #expect(claimed == claimed.sorted())

    // Every kind of node stands as a text in the file of the layer that reads it.
    let folder = root.appending(path: "Sources/Networks/Layers")
    let files = try #require(FileManager.default.enumerator(atPath: folder.path))
    var sources = ""
    for case let file as String in files where file.hasSuffix(".swift") {
      sources += try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }
    for name in claimed { #expect(sources.contains("\"\(name)\""), "\(name)") }
  }
}

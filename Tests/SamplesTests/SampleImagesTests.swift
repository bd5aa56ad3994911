import Foundation
import ImageCodecs
import Imaging
import Testing

@testable import Samples

/// The pictures that lie in the repository.
struct SampleImagesTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(component: "SampleImages")

  private func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appending(path: path)))
  }

  @Test func `the README's command makes them again`() throws {
    let annotations = try Annotations(json: Data(bytes("annotations.json")))
    let source = try #require(annotations.source)
    let readme = String(decoding: try bytes("README.md"), as: UTF8.self)
    let command = source.replacingOccurrences(of: "samples ", with: "samples --out SampleImages ")
    #expect(readme.contains(command), "the README should say: \(command)")

    let words = source.split(separator: " ")
    func number(_ option: String) throws -> Int {
      let place = try #require(words.firstIndex(of: "--\(option)"))
      return try #require(Int(words[place + 1]))
    }
    let world = SampleWorld(seed: UInt64(try number("seed")), side: try number("size"))
    #expect(annotations.pictures.count == (try number("count")))
    for (index, entry) in annotations.pictures.enumerated() {
      let picture = world.picture(index)
      #expect(entry.kind == picture.kind.rawValue && entry.box == picture.box)
      let path = try #require(entry.mask)
      let mask = try ImageCodecs.decode(bytes(path)).bitmap
      #expect(mask == picture.mask, "\(entry.path)")
      let stored = try bytes(entry.path)
      let isJPEG = entry.path.hasSuffix(".jpg")
      guard try stored != picture.encoded() else { continue }
      // Another version of a library may pack the same pixels otherwise, or round colours otherwise.
      let (old, new) = (
        try ImageCodecs.decode(stored).bitmap, try ImageCodecs.decode(picture.encoded()).bitmap
      )
      let most = zip(old.samples, new.samples).map { abs(Int($0) - Int($1)) }.max() ?? 255
      #expect(most <= (isJPEG ? 8 : 0), "\(entry.path)")
    }
  }

  @Test func `they are small, and nothing else lies there`() throws {
    let annotations = try Annotations(json: Data(bytes("annotations.json")))
    let listed = annotations.pictures.flatMap { [$0.path, $0.mask ?? ""] }
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
      .filter { !$0.hasSuffix("DS_Store") && $0.contains(".") }
    #expect(Set(paths) == Set(listed + ["annotations.json", "README.md"]))
    let size = try paths.reduce(0) { try $0 + bytes($1).count }
    #expect(size < 5_000_000)
  }
}

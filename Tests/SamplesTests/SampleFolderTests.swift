import Foundation
import ImageCodecs
import Imaging
import Synchronization
import Testing

@testable import Samples

struct SampleFolderTests {
  private let folder = FileManager.default.temporaryDirectory
    .appending(component: "tidemark-samples-\(UUID().uuidString)")

  private func end() { try? FileManager.default.removeItem(at: folder) }

  private func files(_ path: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    return names.reduce(into: [:]) { files, name in
      let url = URL(filePath: "\(path)/\(name)")
      if !url.hasDirectoryPath, let data = try? Data(contentsOf: url) { files[name] = data }
    }
  }

  @Test func `every picture has its mask and its entry`() throws {
    defer { end() }
    let world = SampleWorld(seed: 2, side: 32, shortcut: 0.5)
    let done = Mutex(0)
    try SampleFolder(making: folder.path).write(world, count: 24, threads: 3, source: "test") {
      count in done.withLock { $0 = max($0, count) }
    }
    #expect(done.withLock(\.self) == 24)
    let files = try files(folder.path)
    #expect(files.count == 49)
    let annotations = try Annotations(json: #require(files["annotations.json"]))
    #expect(annotations.classes == SampleClass.allCases.map(\.rawValue))
    #expect(annotations.source == "test")
    #expect(annotations.pictures.count == 24)
    #expect(Set(annotations.pictures.map { $0.path.hasSuffix(".jpg") }).count == 2)
    for (index, entry) in annotations.pictures.enumerated() {
      let picture = world.picture(index)
      #expect(entry.path.hasPrefix("pictures/\(entry.kind)/"))
      #expect(entry.kind == picture.kind.rawValue && entry.box == picture.box)
      #expect(entry.cue?.kind == picture.cue?.kind.rawValue && entry.cue?.box == picture.cue?.box)
      let bytes = [UInt8](try #require(files[entry.path]))
      let decoded = try ImageCodecs.decode(bytes).bitmap
      #expect(decoded.size == picture.bitmap.size)
      if entry.path.hasSuffix(".png") { #expect(decoded == picture.bitmap) }
      let path = try #require(entry.mask)
      let mask = [UInt8](try #require(files[path]))
      #expect(try ImageCodecs.decode(mask).bitmap == picture.mask)
      #expect(ImageCodecs.textEntries(of: mask)["Tidemark"] != nil)
      #expect(ImageCodecs.textEntries(of: bytes).isEmpty)
    }
  }

  @Test func `files do not depend on threads, nor on how many there are`() throws {
    defer { end() }
    let world = SampleWorld(seed: 3, side: 32)
    let (one, two) = (folder.path + "/one", folder.path + "/two")
    try SampleFolder(making: one).write(world, count: 6, threads: 1)
    try SampleFolder(making: two).write(world, count: 9, threads: 4)
    let (few, many) = (try files(one), try files(two))
    for (name, data) in few where name != "annotations.json" {
      #expect(many[name] == data, "\(name)")
    }
  }

  @Test func `folders that hold something and files are left alone`() throws {
    defer { end() }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    _ = try SampleFolder(making: folder.path)
    let file = folder.appending(component: "note").path
    try Data("x".utf8).write(to: URL(filePath: file))
    for path in [folder.path, file, "\(file)/below"] {
      let error = #expect(throws: SampleError.self) { try SampleFolder(making: path) }
      #expect(error?.description.contains(path) == true)
      #expect(error?.description.contains("--out") == true)
    }
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "x")
  }
}

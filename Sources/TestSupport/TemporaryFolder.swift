public import Foundation
import ImageCodecs
public import Imaging

/// A folder that is gone when the test is over.
public final class TemporaryFolder {
  public let path: String

  public init() throws {
    let name = "tidemark-tests-\(UUID().uuidString)"
    path = FileManager.default.temporaryDirectory.appending(component: name).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  public func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

  public func write(_ bytes: some Sequence<UInt8>, to relative: String) throws {
    let url = URL(filePath: self(relative))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Writes a PNG of one colour with a darker square at a place that the seed decides.
  public func writePicture(
    _ relative: String, seed: Int = 0, size: PixelSize = PixelSize(width: 24, height: 20),
    text: [(keyword: String, text: String)] = []
  ) throws {
    var picture = Bitmap(
      size: size, layout: .rgb,
      filledWith: [UInt8(40 + seed * 67 % 200), UInt8(40 + seed * 31 % 200), 90])
    for y in 4..<12 {
      for x in 4..<12 { picture[(x + seed * 3) % size.width, y, seed % 3] = 250 }
    }
    try write(try PNGCodec.encode(picture, text: text), to: relative)
  }

  public func link(_ relative: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: self(relative), withDestinationPath: target)
  }

  /// Every file below a folder and its bytes, but for the ledger.
  public func files(below relative: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: self(relative)) {
      let path = self("\(relative)/\(name)")
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
      if !isFolder.boolValue && name != "ledger.jsonl" {
        files[name] = try Data(contentsOf: URL(filePath: path))
      }
    }
    return files
  }

  /// When each of these files was last written.
  public func times(
    of names: some Sequence<String>, below relative: String
  ) throws -> [String: Date] {
    var times: [String: Date] = [:]
    for name in names {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: self("\(relative)/\(name)"))
      times[name] = attributes[.modificationDate] as? Date
    }
    return times
  }
}

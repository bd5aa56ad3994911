import Foundation
import ImageCodecs
import Imaging
import Synchronization

/// Writes the pictures of a ``SampleWorld`` into a folder.
///
/// Pictures are in `pictures/<class>/`, PNG and JPEG mixed, their masks under the same names in
/// `masks/<class>/`, and what is known of them in `annotations.json`, which is written last.
public struct SampleFolder: Sendable {
  public let path: String

  /// Counts that can be asked for.
  public static let counts = 1...1_000_000

  /// The keyword of the text that masks carry, by which they are known to be no pictures.
  private static let keyword = "Tidemark"

  /// Makes the folder, and those above it, where they are missing. Throws when there is a folder that
  /// is not empty, or when it cannot be written to.
  public init(making path: String) throws(SampleError) {
    self.path = path
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw SampleError("'\(path)' is a file; choose another folder by --out")
      }
      guard let names = try? manager.contentsOfDirectory(atPath: path) else {
        throw SampleError("the folder '\(path)' cannot be read; choose another by --out")
      }
      guard names.isEmpty else {
        throw SampleError(
          "the folder '\(path)' is not empty; choose another by --out, or remove it first")
      }
    } else {
      do {
        try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
      } catch {
        throw SampleError(
          "the folder '\(path)' cannot be made: \(Self.reason(error)); choose another by --out")
      }
    }
    guard manager.isWritableFile(atPath: path) else {
      throw SampleError("the folder '\(path)' cannot be written to; choose another by --out")
    }
  }

  /// Draws the first `count` pictures and writes them. Stops at the first file that cannot be written.
  ///
  /// - Parameters:
  ///   - threads: How many pictures are drawn side by side; what is drawn does not depend on it.
  ///   - source: Words on how they were made, for the annotations.
  ///   - report: Told, on any thread, how many are done.
  public func write(
    _ world: SampleWorld, count: Int, threads: Int, source: String? = nil,
    reporting report: @Sendable (Int) -> Void = { _ in }
  ) throws(SampleError) {
    precondition(Self.counts.contains(count), "counts are \(Self.counts), got \(count)")
    let classes = SampleClass.allCases.map(\.rawValue)
    for kind in Set((0..<min(count, classes.count)).map { world.kind(of: $0).rawValue }) {
      for part in ["pictures", "masks"] { try makeFolder("\(part)/\(kind)") }
    }
    let progress = Mutex(Progress(entries: Array(repeating: nil, count: count)))
    DispatchQueue.concurrentPerform(iterations: min(max(threads, 1), count)) { _ in
      while let index = progress.withLock({ $0.begin() }) {
        do throws(SampleError) {
          let entry = try write(world.picture(index), index: index)
          report(progress.withLock { $0.finish(index, entry) })
        } catch {
          progress.withLock { $0.failure = $0.failure ?? error }
        }
      }
    }
    let end = progress.withLock { $0 }
    if let failure = end.failure { throw failure }
    let annotations = Annotations(
      classes: classes, pictures: end.entries.compactMap(\.self), source: source)
    try write(annotations.json(), to: "annotations.json")
  }

  private struct Progress {
    var entries: [Annotations.Entry?]
    var begun = 0
    var done = 0
    var failure: SampleError?

    mutating func begin() -> Int? {
      guard failure == nil, begun < entries.count else { return nil }
      begun += 1
      return begun - 1
    }

    mutating func finish(_ index: Int, _ entry: Annotations.Entry) -> Int {
      entries[index] = entry
      done += 1
      return done
    }
  }

  private func write(
    _ picture: SamplePicture, index: Int
  ) throws(SampleError) -> Annotations.Entry {
    let number = String(index)
    let name = String(repeating: "0", count: max(0, 6 - number.count)) + number
    let kind = picture.kind.rawValue
    let isJPEG = picture.quality != nil
    let entry = Annotations.Entry(
      path: "pictures/\(kind)/\(name).\(isJPEG ? "jpg" : "png")", width: picture.bitmap.width,
      height: picture.bitmap.height, kind: kind, box: picture.box,
      mask: "masks/\(kind)/\(name).png",
      cue: picture.cue.map { Annotations.Cue(kind: $0.kind.rawValue, box: $0.box) })
    let bytes: (picture: [UInt8], mask: [UInt8])
    do {
      bytes.picture = try picture.encoded()
      bytes.mask = try PNGCodec.encode(
        picture.mask, text: [(Self.keyword, "The mask of \(entry.path).")])
    } catch {
      throw SampleError("'\(entry.path)' cannot be written: \(error)")
    }
    try write(Data(bytes.picture), to: entry.path)
    try write(Data(bytes.mask), to: "masks/\(kind)/\(name).png")
    return entry
  }

  private func makeFolder(_ name: String) throws(SampleError) {
    do {
      try FileManager.default.createDirectory(
        atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    } catch {
      throw SampleError("'\(path)/\(name)' cannot be made: \(Self.reason(error))")
    }
  }

  private func write(_ data: Data, to name: String) throws(SampleError) {
    do {
      try data.write(to: URL(filePath: "\(path)/\(name)"), options: .atomic)
    } catch {
      throw SampleError("'\(path)/\(name)' cannot be written: \(Self.reason(error))")
    }
  }

  /// What the system says where it said something.
  private static func reason(_ error: any Error) -> String {
    let underlying = (error as? CocoaError)?.underlying as? POSIXError
    return underlying.map { String(cString: strerror($0.code.rawValue)) }
      ?? error.localizedDescription
  }
}

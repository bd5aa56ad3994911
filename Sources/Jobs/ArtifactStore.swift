import Foundation
import ImageCodecs
import Imaging
import Synchronization

/// The run folder: the only place that writes files, each whole or not at all.
///
/// A file is written under a hidden temporary name and renamed, so whoever looks sees the old file or
/// the new one. Safe to use from several threads.
public final class ArtifactStore: Sendable {
  /// The folder's path as it was given.
  public let folder: String
  /// Numbers temporary files; holding it means that a file is being written.
  private let temporaries = Mutex(0)

  /// Makes the folder, and those above it, where they are missing.
  public init(folder: String) throws(JobError) {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw JobError(
        .environment,
        "the output folder '\(folder)' cannot be made: \(Self.reason(error)); choose another by --out"
      )
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw JobError(
        .environment, "the output folder '\(folder)' cannot be written to; choose another by --out")
    }
    removeLeftovers()
  }

  /// Where a file of the run lies. Throws for a path that would leave the folder.
  func location(of path: String) throws(StoreError) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
      !path.utf8.contains(0)
    else {
      throw StoreError("'\(path)' is no path inside the output folder")
    }
    return "\(folder)/\(path)"
  }

  func exists(_ path: String) -> Bool {
    (try? location(of: path)).flatMap { FileStatus(of: $0) }?.kind == .file
  }

  /// The names of what lies in a folder of the run, sorted; none where there is no such folder.
  func names(in path: String) -> [String] {
    let location = try? location(of: path)
    return location.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) }?.sorted()
      ?? []
  }

  /// All bytes of a file of the run, or nil where it cannot be read.
  func read(_ path: String) -> Data? {
    (try? location(of: path)).flatMap { try? Data(contentsOf: URL(filePath: $0)) }
  }

  /// Writes a file, replacing the one that is there.
  func write(_ bytes: some Sequence<UInt8>, to path: String) throws(StoreError) {
    let target = URL(filePath: try location(of: path))
    let failure: StoreError? = temporaries.withLock { count in
      count += 1
      let folder = target.deletingLastPathComponent()
      let process = ProcessInfo.processInfo.processIdentifier
      let temporary = folder.appending(component: ".tidemark-\(process)-\(count).partial")
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do {
          try Data(bytes).write(to: temporary)
          guard rename(temporary.path, target.path) == 0 else {
            throw StoreError(String(cString: strerror(errno)))
          }
        } catch {
          try? FileManager.default.removeItem(at: temporary)
          throw error
        }
        return nil
      } catch {
        return StoreError("'\(path)' cannot be written: \(Self.reason(error))")
      }
    }
    if let failure { throw failure }
  }

  /// As `write(_:to:)`, for work that cannot go on without the file.
  package func write(_ bytes: some Sequence<UInt8>, named path: String) throws(JobError) {
    do throws(StoreError) {
      try write(bytes, to: path)
    } catch {
      throw JobError(.environment, "\(folder): \(error)")
    }
  }

  /// Writes a figure as PNG that says what it is, so that it is never explained itself.
  func write(figure: Bitmap, telling text: String, named path: String) throws {
    try write(try PNGCodec.encode(figure, text: [(PictureFile.keyword, text)]), named: path)
  }

  /// Work of which this folder is the output: what stops it becomes an error that names the folder.
  func writing<Outcome>(
    _ work: () async throws -> Outcome
  ) async throws(JobError) -> Outcome {
    do {
      return try await work()
    } catch {
      throw error as? JobError
        ?? JobError(.environment, "output folder '\(folder)': \(Self.reason(error))")
    }
  }

  /// Removes a file, if it is there.
  func remove(_ path: String) throws(StoreError) {
    let target = try location(of: path)
    let failure = temporaries.withLock { _ in
      unlink(target) == 0 || errno == ENOENT ? nil : StoreError(String(cString: strerror(errno)))
    }
    if let failure { throw failure }
  }

  /// Writes a file unless it already holds these bytes.
  func update(_ path: String, with bytes: some Sequence<UInt8>) throws(StoreError) {
    let data = Data(bytes)
    if read(path) != data { try write(data, to: path) }
  }

  /// Removes temporary files of processes that were killed while they wrote.
  private func removeLeftovers() {
    let manager = FileManager.default
    let top = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
    let below = ["maps", SheetWriter.folder].flatMap { part in
      let names =
        manager.enumerator(atPath: "\(folder)/\(part)")?.compactMap { $0 as? String } ?? []
      return names.map { "\(part)/\($0)" }
    }
    for path in top + below {
      let parts = path.split(separator: "/").last?.split(separator: "-") ?? []
      guard parts.count == 3, parts[0] == ".tidemark", parts[2].hasSuffix(".partial"),
        let process = Int32(parts[1]), process > 0, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink("\(folder)/\(path)")
    }
  }

  /// Waits for the file that is being written, and lets no other begin: `body` is to end the process.
  public func closing(_ body: () -> Never) -> Never {
    temporaries.withLock { _ in body() }
  }

  /// What the system says where it said something, since Foundation's own texts often tell less.
  static func reason(_ error: any Error) -> String {
    if let error = error as? StoreError { return error.description }
    let underlying = (error as? CocoaError)?.underlying as? POSIXError
    return underlying.map { String(cString: strerror($0.code.rawValue)) }
      ?? error.localizedDescription
  }
}

/// Why a file of the run cannot be written.
struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An ordinary file, found and measured before it is read.
package struct RegularFile {
  /// Absolute, without symbolic links.
  package let path: String
  package let byteCount: Int

  /// Throws a sentence without the path when there is no such file, or when it is no ordinary one (a
  /// folder, a pipe, a device).
  package init(_ path: String) throws(LayerError) {
    guard !path.utf8.contains(0), let resolved = realpath(path, nil) else {
      throw LayerError("there is no such file, or it cannot be reached")
    }
    defer { free(resolved) }
    var status = stat()
    guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw LayerError("is not an ordinary file")
    }
    self.path = String(cString: resolved)
    byteCount = Int(status.st_size)
  }

  /// The folder that the file really lies in, without a trailing slash except for the root.
  package var folder: String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// All bytes, mapped where the system can. Throws when there are more than `limit`.
  package func contents(limit: Int) throws(LayerError) -> Data {
    guard byteCount <= limit else {
      throw LayerError("has \(byteCount) bytes; at most \(limit) are accepted")
    }
    guard let bytes = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
      throw LayerError("cannot be read; check its permissions")
    }
    return bytes
  }

  /// Writes a file, replacing one that is there only when all is written. Throws a sentence without
  /// the path.
  package static func write(_ bytes: [UInt8], to path: String) throws(LayerError) {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      let folder = URL(filePath: path).deletingLastPathComponent().path
      var status = stat()
      let isFolder = stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      throw LayerError(
        isFolder && access(folder, W_OK) == 0
          ? "cannot be written; is the disk full?"
          : "cannot be written: '\(folder)' is no folder that can be written to")
    }
  }
}

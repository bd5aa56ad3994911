#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system says of a path.
struct FileStatus: Sendable, Equatable {
  enum Kind: Sendable { case file, folder, other }

  /// The same for all names of one file, and for nothing else on this machine.
  struct Identity: Hashable, Sendable {
    let device: UInt64
    let node: UInt64
  }

  let kind: Kind
  let identity: Identity
  let byteCount: Int
  /// Seconds and nanoseconds.
  let modified: [Int]

  /// Follows symbolic links unless told otherwise; nil where nothing can be found.
  init?(of path: String, followingLinks: Bool = true) {
    var status = stat()
    let result = followingLinks ? stat(path, &status) : lstat(path, &status)
    guard !path.utf8.contains(0), result == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      node: UInt64(truncatingIfNeeded: status.st_ino))
    byteCount = Int(status.st_size)
    #if canImport(Darwin)
      modified = [status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec]
    #else
      modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    #endif
  }
}

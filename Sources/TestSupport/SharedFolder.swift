public import Foundation

/// The folder of larger reference data that may stand beside the checkout.
///
/// Found through `TIDEMARK_SHARED`, or as `../shared` from the package. Tests that need it are enabled
/// by `exists` and skipped by name otherwise.
public enum SharedFolder {
  public static let url: URL = {
    if let path = ProcessInfo.processInfo.environment["TIDEMARK_SHARED"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("shared", isDirectory: true)
  }()

  public static let exists = FileManager.default.fileExists(
    atPath: url.appendingPathComponent("golden/GOLDEN.md").path)

  /// A file in the folder.
  public static func file(_ path: String) -> URL { url.appendingPathComponent(path) }
}

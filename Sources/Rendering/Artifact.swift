/// A file to be, as bytes: what renderers make, and only the store writes.
public struct Artifact: Sendable, Hashable {
  /// What follows the stem of a result's name: `overlay.png`, `npy`, `json`.
  public let suffix: String
  public let bytes: [UInt8]

  public init(suffix: String, bytes: [UInt8]) {
    self.suffix = suffix
    self.bytes = bytes
  }
}

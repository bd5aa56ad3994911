import Crypto

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// The SHA-256 of some bytes, written as 64 hexadecimal digits.
public struct ContentDigest: Sendable, Hashable, Codable, CustomStringConvertible {
  public let description: String

  public init(of bytes: some Sequence<UInt8>) { self.init(of: Data(bytes)) }

  public init(of data: Data) { self.init(SHA256.hash(data: data)) }

  /// The digest of several parts, one after the other.
  init(ofParts parts: [Data]) {
    var hash = SHA256()
    for part in parts { hash.update(data: part) }
    self.init(hash.finalize())
  }

  private init(_ digest: SHA256.Digest) {
    let digits = Array("0123456789abcdef")
    description = String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  public init(from decoder: any Decoder) throws { description = try String(from: decoder) }
  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

  /// Random numbers for a picture start here: the first 8 bytes of SHA-256(run's seed ‖ content).
  ///
  /// The same picture has the same seed wherever it lies and whatever else is in the run.
  func seed(ofRun seed: UInt64) -> UInt64 {
    var hash = SHA256()
    withUnsafeBytes(of: seed.bigEndian) { hash.update(bufferPointer: $0) }
    hash.update(data: Data(description.utf8))
    return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

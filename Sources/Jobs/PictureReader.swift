import Foundation
import ImageCodecs
import Imaging

/// The way of a job's pictures from file to bitmap.
struct PictureReader: Sendable {
  let job: Job
  /// Where decoded pictures find memory.
  let room: PictureRoom

  /// Decodes a picture when there is room for it.
  func decoding<R>(
    _ item: WorkItem, _ bytes: [UInt8], _ digest: ContentDigest,
    _ body: (DecodedPicture) throws(Refusal) -> R
  ) throws(Refusal) -> R {
    let pixels = try pixelCount(of: bytes)
    let result = try room.holding(pixels: pixels) { () throws(Refusal) -> R in
      try body(try DecodedPicture(item, bytes: bytes, digest: digest, of: job))
    }
    guard let result else {
      throw Refusal(
        .unreadable,
        "takes about \(MemoryBudget.text(pixels * room.bytesPerPixel)) when decoded, but --memory "
          + "leaves \(MemoryBudget.text(room.byteCount)) for pictures; allow more")
    }
    return result
  }

  /// What the header tells, within the limit of pixels.
  private func pixelCount(of bytes: [UInt8]) throws(Refusal) -> Int {
    do throws(CodecError) {
      let size = try ImageCodecs.probe(bytes).size
      try DecodeLimit(pixels: job.manifest.maximumPixels).check(size)
      return size.area
    } catch {
      throw Refusal(.unreadable, "\(error)")
    }
  }

  /// All bytes of a picture's file, which must not change while they are read.
  func read(_ item: WorkItem) throws(Refusal) -> [UInt8] {
    guard let before = FileStatus(of: item.file) else {
      throw Refusal(.changed, "the file vanished during the run")
    }
    guard before.byteCount <= Self.fileByteLimit else {
      throw Refusal(
        .unreadable,
        "has \(before.byteCount) bytes; at most \(Self.fileByteLimit) are accepted")
    }
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(filePath: item.file)))
    } catch {
      throw Refusal(.unreadable, "cannot be read: \(error.localizedDescription)")
    }
    guard FileStatus(of: item.file) == before, bytes.count == before.byteCount else {
      throw Refusal(.changed, "the file changed while it was read; run again")
    }
    return bytes
  }

  /// No picture within any sensible limit of pixels takes more.
  private static let fileByteLimit = 1 << 30
}

/// Why a picture as a whole cannot be explained.
struct Refusal: Error {
  let kind: MapFailure.Kind
  let reason: String

  init(_ kind: MapFailure.Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}

import Foundation
import ImageCodecs
import Imaging
import TestSupport
import Testing

/// Files with random faults: whatever the bytes, there is a picture or a typed error.
///
/// `TIDEMARK_MUTATIONS` sets how many are made of each file; `Scripts/fuzz` sets it high, under the
/// address sanitizer.
struct MutationTests {
  private static let limit = DecodeLimit(pixels: 1 << 16, side: 1 << 12)
  private static let rounds =
    ProcessInfo.processInfo.environment["TIDEMARK_MUTATIONS"].flatMap { Int($0) } ?? 100

  @Test(arguments: GoldenFile.all.filter { $0.name != "text-bomb.png" })
  func `a mutated file gives a picture or an error`(_ golden: GoldenFile) throws {
    let original = try golden.bytes
    var random = TestRandom(UInt64(original.count))
    var pictures = 0
    for round in 0..<Self.rounds {
      var bytes = original
      for _ in 0...round % 4 { mutate(&bytes, using: &random) }
      // With checksums set right the faults get past the first door.
      if round % 4 != 0 { repairChecksums(of: &bytes) }
      _ = ImageCodecs.textEntries(of: bytes)
      do throws(CodecError) {
        let image = try ImageCodecs.decode(bytes, limit: Self.limit)
        #expect(image.bitmap.size == image.header.uprightSize)
        #expect(image.bitmap.layout == image.header.layout)
        #expect(try ImageCodecs.probe(bytes) == image.header)
        // Memory that was not written would differ from time to time.
        #expect(try ImageCodecs.decode(bytes, limit: Self.limit) == image)
        pictures += 1
        _ = try? ImageCodecs.decode(
          bytes, limit: Self.limit, reducingTo: { _ in PixelSize(side: 1) })
      } catch {
        #expect(!error.description.isEmpty)
        _ = try? ImageCodecs.decode(bytes, limit: Self.limit, truncation: .allow)
      }
    }
    #expect(pictures < Self.rounds)
  }

  private func mutate(_ bytes: inout [UInt8], using random: inout TestRandom) {
    guard bytes.count > 16 else { return }
    let place = Int.random(in: 8..<bytes.count, using: &random)
    let count = min(Int.random(in: 1...12, using: &random), bytes.count - place)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[place] = .random(in: 0...255, using: &random)
    case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &random)]
    case 3: bytes.removeSubrange(place..<place + count)
    case 4: bytes.insert(contentsOf: bytes[place..<place + count], at: place)
    case 5: bytes.removeSubrange(place...)
    default:
      let source = Int.random(in: 8...bytes.count - count, using: &random)
      bytes.replaceSubrange(place..<place + count, with: Array(bytes[source..<source + count]))
    }
  }

  private func repairChecksums(of bytes: inout [UInt8]) {
    guard ImageFormat(signatureOf: bytes) == .png else { return }
    var offset = 8
    while offset + 12 <= bytes.count {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = offset + 8 + length
      guard end + 4 <= bytes.count else { return }
      let sum = checksum(bytes[offset + 4..<end])
      bytes.replaceSubrange(end..<end + 4, with: bigEndian(Int(sum)))
      offset = end + 4
    }
  }
}

/// The chunks of a PNG file in their order, as far as they are complete. Checksums are not looked
/// at.
struct PNGChunks: Sequence, IteratorProtocol {
  struct Chunk {
    let type: String
    let content: ArraySlice<UInt8>
  }

  private let bytes: ArraySlice<UInt8>
  private var offset = ImageFormat.png.signature.count

  /// Of a file that begins with the PNG signature.
  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  mutating func next() -> Chunk? {
    guard let length = bytes.number(at: offset, bytes: 4),
      let type = bytes.slice(at: offset + 4, count: 4),
      let content = bytes.slice(at: offset + 8, count: length)
    else { return nil }
    offset += 12 + length
    return Chunk(type: String(decoding: type, as: UTF8.self), content: content)
  }
}

/// What the chunks say that libpng is told to skip.
struct PNGMetadata {
  var exif: ArraySlice<UInt8>?
  var hasColorProfile = false
  var hasUnusualGamma = false
  var isAnimated = false

  init(_ bytes: [UInt8]) {
    for chunk in PNGChunks(bytes) {
      switch chunk.type {
      case "eXIf": exif = exif ?? chunk.content
      case "iCCP", "cICP": hasColorProfile = true
      case "acTL": isAnimated = true
      case "gAMA":
        // In units of 1/100000; writers give 1/2.2 to mean sRGB.
        guard let gamma = chunk.content.number(at: 0, bytes: 4) else { break }
        hasUnusualGamma = !(45_000...46_000).contains(gamma)
      default: break
      }
    }
  }
}

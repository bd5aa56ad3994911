/// The marker segments of a JPEG file before its first scan, as far as they are well-formed.
struct JPEGSegments: Sequence, IteratorProtocol {
  struct Segment {
    /// The byte after 0xFF, such as 0xE1 for APP1.
    let marker: Int
    let content: ArraySlice<UInt8>
  }

  private let bytes: ArraySlice<UInt8>
  private var offset = 2

  /// Of a file that begins with the JPEG signature.
  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  mutating func next() -> Segment? {
    guard bytes.number(at: offset, bytes: 1) == 0xFF else { return nil }
    while let next = bytes.number(at: offset + 1, bytes: 1), next == 0xFF { offset += 1 }
    // From 0xD0 to 0xDA: restarts, begin, end, and the scan itself.
    guard let marker = bytes.number(at: offset + 1, bytes: 1), marker >= 0xC0,
      !(0xD0...0xDA).contains(marker),
      let length = bytes.number(at: offset + 2, bytes: 2), length >= 2,
      let content = bytes.slice(at: offset + 4, count: length - 2)
    else { return nil }
    offset += 2 + length
    return Segment(marker: marker, content: content)
  }
}

/// What the segments say that libjpeg is not asked about.
struct JPEGMetadata {
  var exif: ArraySlice<UInt8>?
  var hasColorProfile = false

  init(_ bytes: [UInt8]) {
    for segment in JPEGSegments(bytes) {
      switch segment.marker {
      case 0xE1 where segment.content.starts(with: Self.exifPrefix):
        exif = exif ?? segment.content.dropFirst(Self.exifPrefix.count)
      case 0xE2 where segment.content.starts(with: Self.profilePrefix):
        hasColorProfile = true
      default: break
      }
    }
  }

  private static let exifPrefix = Array("Exif\0\0".utf8)
  private static let profilePrefix = Array("ICC_PROFILE\0".utf8)
}

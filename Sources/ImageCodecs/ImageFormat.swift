/// A file format that is read and written here.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
  case png, jpeg

  /// The format that the first bytes announce; nil if it is none of these.
  public init?(signatureOf bytes: [UInt8]) {
    guard let format = Self.allCases.first(where: { bytes.starts(with: $0.signature) }) else {
      return nil
    }
    self = format
  }

  var signature: [UInt8] {
    switch self {
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    case .jpeg: [0xFF, 0xD8, 0xFF]
    }
  }
}

/// Formats that are only known by sight, so that an error can name them.
enum ForeignFormat {
  static func name(of bytes: [UInt8]) -> String? {
    signatures.first { signature in
      bytes.dropFirst(signature.offset).starts(with: signature.text.utf8)
    }?.name
  }

  private static let signatures: [(offset: Int, text: String, name: String)] = [
    (0, "GIF8", "GIF"),
    (0, "BM", "BMP"),
    (0, "II*\0", "TIFF"),
    (0, "MM\0*", "TIFF"),
    (0, "%PDF", "PDF"),
    (0, "<svg", "SVG"),
    (8, "WEBP", "WebP"),
    (4, "ftypheic", "HEIC"),
    (4, "ftypheix", "HEIC"),
    (4, "ftypmif1", "HEIF"),
    (4, "ftypavif", "AVIF"),
    (4, "JXL \r\n", "JPEG XL"),
    (4, "jP  \r\n", "JPEG 2000"),
  ]
}

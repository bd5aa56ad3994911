import Imaging

/// Reading of picture files. The format is recognised by the bytes, never by a name.
///
/// Sample values are those of the file: gamma and colour profiles are noted, not applied.
public enum ImageCodecs {
  /// The picture in a PNG or JPEG file.
  ///
  /// The layout is the file's own: palettes become colours, transparent colours alpha, 16-bit
  /// samples keep their high byte, inks become RGB by the plain formula.
  ///
  /// Throws when the bytes are of another format, incomplete, damaged beyond what the library can
  /// pass over, or announce a picture beyond the limit; the limit is checked before pixels are
  /// allocated.
  public static func decode(
    _ bytes: [UInt8], limit: DecodeLimit = .standard, orientation: OrientationPolicy = .apply
  ) throws(CodecError) -> DecodedImage {
    try ImageReader.read(bytes) { (reader) throws(CodecError) in
      let header = reader.header
      try limit.check(header.size)
      let (stored, isDamaged) = try reader.pixels()
      let isTurned = orientation == .apply && header.orientation != .upright
      let notes: [(DecodeNote, Bool)] = [
        (.animationIgnored, header.isAnimated),
        (.cmykConverted, header.isCMYK),
        (.colorProfileIgnored, header.hasColorProfile),
        (.damagePatched, isDamaged),
        (.depthReduced, header.bitDepth > 8),
        (.gammaIgnored, header.hasUnusualGamma),
        (.oriented, isTurned),
      ]
      return DecodedImage(
        bitmap: isTurned ? stored.oriented(header.orientation) : stored, header: header,
        notes: notes.filter(\.1).map(\.0))
    }
  }

  /// What a file says of itself, without decoding pixels. Throws as `decode` does, but knows no
  /// limit.
  public static func probe(_ bytes: [UInt8]) throws(CodecError) -> ImageHeader {
    try ImageReader.read(bytes) { $0.header }
  }

  /// The plainly stored texts of a PNG by keyword, found without decoding pixels; empty for other
  /// files. Of several with one keyword the first counts.
  public static func textEntries(of bytes: [UInt8]) -> [String: String] {
    ImageFormat(signatureOf: bytes) == .png ? PNGText.entries(of: bytes) : [:]
  }
}

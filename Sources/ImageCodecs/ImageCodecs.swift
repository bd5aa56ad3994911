public import Imaging

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
  ///
  /// - Parameters:
  ///   - truncation: whether a file that ends too early is read as far as it goes.
  ///   - smallest: for an upright size, the size that a JPEG must keep at least. Where half, a quarter or
  ///     an eighth of a JPEG's size still does, it is decoded to that, which is faster: each block's
  ///     high frequencies are left out. The pixels are not those of a picture that was decoded and
  ///     then shrunk. Other formats are decoded as they are.
  public static func decode(
    _ bytes: [UInt8], limit: DecodeLimit = .standard, orientation: OrientationPolicy = .apply,
    truncation: TruncationPolicy = .refuse, reducingTo smallest: ((PixelSize) -> PixelSize)? = nil
  ) throws(CodecError) -> DecodedImage {
    try ImageReader.read(bytes) { (reader) throws(CodecError) in
      let header = reader.header
      try limit.check(header.size)
      let isTurned = orientation == .apply && header.orientation != .upright
      let upright = isTurned ? header.uprightSize : header.size
      let divisor =
        smallest.map { Self.divisor(of: upright, of: header, keeping: $0(upright)) } ?? 1
      let (stored, isDamaged, isTruncated) = try reader.pixels(
        dividedBy: divisor, allowingTruncation: truncation == .allow)
      let notes: [(DecodeNote, Bool)] = [
        (.animationIgnored, header.isAnimated),
        (.cmykConverted, header.isCMYK),
        (.colorProfileIgnored, header.hasColorProfile),
        (.damagePatched, isDamaged),
        (.depthReduced, header.bitDepth > 8),
        (.gammaIgnored, header.hasUnusualGamma),
        (.oriented, isTurned),
        (.reduced, divisor > 1),
        (.truncated, isTruncated),
      ]
      return DecodedImage(
        bitmap: isTurned ? stored.oriented(header.orientation) : stored, header: header,
        notes: notes.filter(\.1).map(\.0))
    }
  }

  /// The largest fraction of its size at which a JPEG is still large enough.
  private static func divisor(
    of size: PixelSize, of header: ImageHeader, keeping smallest: PixelSize
  ) -> Int {
    guard header.format == .jpeg else { return 1 }
    return [8, 4, 2].first { divisor in
      size.width >= smallest.width * divisor && size.height >= smallest.height * divisor
    } ?? 1
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

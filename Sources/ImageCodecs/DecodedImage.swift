public import Imaging

/// A picture as read from a file.
public struct DecodedImage: Sendable, Equatable {
  /// 8 bits per sample, in the file's own layout.
  public let bitmap: Bitmap
  /// What the file said of itself.
  public let header: ImageHeader
  /// What was passed over or changed on the way, sorted by name, each at most once.
  public let notes: [DecodeNote]

  /// The format that the file's bytes had.
  public var format: ImageFormat { header.format }
}

/// Something about a file that its pixels no longer show.
public enum DecodeNote: String, Sendable, Codable, CaseIterable {
  /// Only the still picture of an animated PNG was read.
  case animationIgnored
  /// Inks were converted by the plain formula, without a profile.
  case cmykConverted
  /// An embedded colour profile was not applied: sample values are the file's own.
  case colorProfileIgnored
  /// Compressed data were wrong in places, and the library patched over them.
  case damagePatched
  /// 16-bit samples were reduced to their high byte.
  case depthReduced
  /// A gamma other than that of sRGB was not applied.
  case gammaIgnored
  /// The picture was turned as EXIF asks.
  case oriented
  /// A JPEG was decoded to a fraction of its size, since that was asked for.
  case reduced
  /// The file ended before the picture did; what is missing is gray, black or transparent.
  case truncated
}

/// What becomes of a file that ends before its picture does.
public enum TruncationPolicy: String, Sendable, Codable, CaseIterable {
  /// It is no picture.
  case refuse
  /// It is read as far as it goes, with a note, if any of its rows is there.
  case allow
}

/// What becomes of the orientation that EXIF asks for.
public enum OrientationPolicy: String, Sendable, Codable, CaseIterable {
  /// The bitmap stands upright.
  case apply
  /// The bitmap is as stored.
  case ignore
}

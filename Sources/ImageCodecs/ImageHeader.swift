public import Imaging

/// What a file says of its picture before the pixels.
public struct ImageHeader: Sendable, Hashable, Codable {
  /// The format by the file's first bytes.
  public let format: ImageFormat
  /// As stored, before orientation.
  public let size: PixelSize
  /// The layout that decoding gives: palettes count as colours, a transparent colour as alpha.
  public let layout: ChannelLayout
  /// Bits per sample as stored (of a palette: per index), 1...16.
  public let bitDepth: Int
  /// Whether the pixels come in several passes (PNG interlacing, progressive JPEG).
  public let isProgressive: Bool
  /// Whether a JPEG stores inks (CMYK or YCCK).
  public let isCMYK: Bool
  /// How the stored picture is turned to stand upright, from EXIF.
  public let orientation: Orientation
  /// Whether a colour profile is embedded.
  public let hasColorProfile: Bool
  /// Whether a PNG states a gamma other than that of sRGB.
  public let hasUnusualGamma: Bool
  /// Whether a PNG is animated; its still picture is what is read.
  public let isAnimated: Bool

  /// Size after orientation.
  public var uprightSize: PixelSize {
    orientation.swapsSides ? PixelSize(width: size.height, height: size.width) : size
  }
}

/// What the interleaved samples of a pixel mean. Alpha is straight (not premultiplied).
public enum ChannelLayout: String, Sendable, Codable, CaseIterable {
  case gray, grayAlpha, rgb, rgba

  /// Samples per pixel, 1...4.
  public var channels: Int {
    switch self {
    case .gray: 1
    case .grayAlpha: 2
    case .rgb: 3
    case .rgba: 4
    }
  }

  /// Whether the last sample of a pixel is its opacity.
  public var hasAlpha: Bool { self == .grayAlpha || self == .rgba }

  /// The layout without its alpha.
  public var opaque: ChannelLayout {
    switch self {
    case .gray, .grayAlpha: .gray
    case .rgb, .rgba: .rgb
    }
  }
}

/// An sRGB colour with straight alpha, 8 bits per channel.
public struct Color: Sendable, Hashable {
  /// Code value, 0...255.
  public var red: UInt8
  /// Code value, 0...255.
  public var green: UInt8
  /// Code value, 0...255.
  public var blue: UInt8
  /// 0 is invisible, 255 hides what lies beneath.
  public var alpha: UInt8

  /// Channels as code values 0...255.
  public init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// An opaque colour written as `0xRRGGBB`; higher bits are ignored.
  public init(hex: UInt32) {
    self.init(
      red: UInt8(truncatingIfNeeded: hex >> 16),
      green: UInt8(truncatingIfNeeded: hex >> 8),
      blue: UInt8(truncatingIfNeeded: hex)
    )
  }

  /// An opaque gray, 0...255.
  public init(gray: UInt8) { self.init(red: gray, green: gray, blue: gray) }

  /// The same colour at `opacity` times its alpha, 0...1.
  public func faded(to opacity: Float) -> Color {
    var faded = self
    faded.alpha = UInt8(min(max(opacity, 0), 1) * Float(alpha) + 0.5)
    return faded
  }

  /// Opaque black.
  public static let black = Color(hex: 0x000000)
  /// Opaque white.
  public static let white = Color(hex: 0xFFFFFF)
  /// Invisible.
  public static let clear = Color(red: 0, green: 0, blue: 0, alpha: 0)
}

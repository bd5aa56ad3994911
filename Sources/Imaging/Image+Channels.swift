/// What becomes of transparency before a network sees the picture.
public enum AlphaPolicy: String, Sendable, Codable, CaseIterable {
  /// Blended over white, as viewers show it.
  case flatten
  /// Ignored, as most training loaders do.
  case drop
}

extension Image where S == UInt8 {
  /// The picture without alpha. Flattening is over white, rounded to nearest.
  public func opaque(_ policy: AlphaPolicy) -> Bitmap {
    guard layout.hasAlpha else { return self }
    let (colors, channels) = (layout.opaque.channels, channels)
    return withSamples { source in
      Bitmap(size: size, layout: layout.opaque) { target in
        for pixel in 0..<size.area {
          let alpha = Int(source[pixel * channels + colors])
          for channel in 0..<colors {
            let value = Int(source[pixel * channels + channel])
            let shown =
              policy == .drop ? value : (value * alpha + 255 * (255 - alpha) + 127) / 255
            target.initializeElement(at: pixel * colors + channel, to: UInt8(shown))
          }
        }
      }
    }
  }

  /// One channel of brightness: (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶, ITU-R 601-2 as Pillow's
  /// mode L has it. Alpha is ignored.
  public var luminance: Bitmap {
    guard layout.opaque == .rgb else { return opaque(.drop) }
    let channels = channels
    return withSamples { source in
      Bitmap(size: size, layout: .gray) { target in
        for pixel in 0..<size.area {
          let (r, g, b) = (
            Int(source[pixel * channels]), Int(source[pixel * channels + 1]),
            Int(source[pixel * channels + 2])
          )
          let sum = r * 19595 + g * 38470 + b * 7471 + 0x8000
          target.initializeElement(at: pixel, to: UInt8(truncatingIfNeeded: sum >> 16))
        }
      }
    }
  }

  /// Three channels of colour; gray is repeated, alpha ignored.
  public var colored: Bitmap {
    guard layout != .rgb else { return self }
    let channels = channels
    let step = layout.opaque == .gray ? 0 : 1
    return withSamples { source in
      Bitmap(size: size, layout: .rgb) { target in
        for pixel in 0..<size.area {
          for channel in 0..<3 {
            target.initializeElement(
              at: pixel * 3 + channel, to: source[pixel * channels + channel * step])
          }
        }
      }
    }
  }
}

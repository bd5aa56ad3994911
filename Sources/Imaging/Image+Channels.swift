/// What becomes of transparency before a network sees the picture.
public enum AlphaPolicy: String, Sendable, Codable, CaseIterable {
  /// Blended over white, as viewers show it.
  case flatten
  /// Ignored, as most training loaders do.
  case drop
}

// Specialised for bytes: code that stays generic takes ten times as long per pixel.

extension Image {
  /// The picture without alpha, blended over white or with its colours as they are stored.
  @specialized(where S == UInt8)
  public func opaque(_ policy: AlphaPolicy) -> Image {
    guard layout.hasAlpha else { return self }
    let colors = layout.opaque.channels
    switch policy {
    case .flatten:
      return flattened(over: [S](repeating: S(nearest: S.fullScale), count: colors))
    case .drop:
      return mapped(to: layout.opaque) { pixel, target in
        for color in 0..<colors { target[color] = pixel[color] }
      }
    }
  }

  /// The picture blended over a background, given by one value per colour, and without alpha.
  /// Rounded to nearest.
  @specialized(where S == UInt8)
  public func flattened(over background: [S]) -> Image {
    guard layout.hasAlpha else { return self }
    let colors = layout.opaque.channels
    precondition(
      background.count == colors,
      "a background for \(layout) has \(colors) values, got \(background.count)")
    return mapped(to: layout.opaque) { pixel, target in
      let alpha = pixel[colors].value
      for color in 0..<colors {
        // For bytes the products are exact, and no quotient by 255 lies half-way.
        let sum = pixel[color].value * alpha + background[color].value * (S.fullScale - alpha)
        target[color] = S(nearest: sum / S.fullScale)
      }
    }
  }

  /// One channel of brightness: (19595 R + 38470 G + 7471 B) / 2¹⁶, ITU-R 601-2. Alpha is ignored.
  ///
  /// For bytes exactly Pillow's mode L: every step fits the 24 bits of a Float.
  public var luminance: Image {
    @specialized(where S == UInt8)
    get {
      guard layout.opaque == .rgb else { return opaque(.drop) }
      return mapped(to: .gray) { pixel, target in
        let (red, green, blue) = (pixel[0].value, pixel[1].value, pixel[2].value)
        target[0] = S(nearest: (red * 19595 + green * 38470 + blue * 7471) / 65536)
      }
    }
  }

  /// Three channels of colour; gray is repeated, alpha ignored.
  public var colored: Image {
    @specialized(where S == UInt8)
    get {
      guard layout.opaque == .gray else { return opaque(.drop) }
      return mapped(to: .rgb) { pixel, target in
        for color in 0..<3 { target[color] = pixel[0] }
      }
    }
  }

  /// Makes each pixel of a new layout from one of this.
  @inline(__always)
  private func mapped(
    to layout: ChannelLayout, _ map: (UnsafePointer<S>, UnsafeMutablePointer<S>) -> Void
  ) -> Image {
    Image(size: size, layout: layout) { target in
      withSamples { source in
        guard var from = source.baseAddress, var to = target.baseAddress else { return }
        for _ in 0..<size.area {
          map(from, to)
          from += channels
          to += layout.channels
        }
      }
    }
  }
}

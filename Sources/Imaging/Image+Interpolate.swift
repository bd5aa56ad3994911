extension Image where S == Float {
  /// The values between positions, drawn as straight lines: bilinear interpolation with half-pixel
  /// centres and clamped edges, as frameworks enlarge maps (`align_corners` off).
  ///
  /// Meant for enlarging. It looks at four values only, so shrinking skips some; `resized` does not.
  public func interpolated(to target: PixelSize) -> Image<Float> {
    guard target != size else { return self }
    let columns = Self.positions(from: width, to: target.width)
    let rows = Self.positions(from: height, to: target.height)
    let (width, channels) = (width, channels)
    return withSamples { source in
      Image(size: target, layout: layout) { samples in
        var index = 0
        for row in rows {
          for column in columns {
            for channel in 0..<channels {
              func value(_ y: Int, _ x: Int) -> Float {
                source[(y * width + x) * channels + channel]
              }
              let above = Self.between(
                value(row.low, column.low), value(row.low, column.high), column.part)
              let below = Self.between(
                value(row.high, column.low), value(row.high, column.high), column.part)
              samples.initializeElement(at: index, to: Self.between(above, below, row.part))
              index += 1
            }
          }
        }
      }
    }
  }

  private static func between(_ a: Float, _ b: Float, _ part: Float) -> Float {
    part == 0 ? a : a * (1 - part) + b * part
  }

  private static func positions(
    from extent: Int, to count: Int
  ) -> [(low: Int, high: Int, part: Float)] {
    (0..<count).map { index in
      let position = max(0, (Double(index) + 0.5) * Double(extent) / Double(count) - 0.5)
      let low = min(Int(position), extent - 1)
      return (low, min(low + 1, extent - 1), Float(position - Double(low)))
    }
  }
}

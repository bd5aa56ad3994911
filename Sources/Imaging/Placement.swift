/// Where a network's input lies in a picture: the picture is scaled, and a window cut from it.
///
/// It carries the geometry there and back: pixels to the input, and maps to the picture's own grid.
public struct Placement: Sendable, Codable, Hashable {
  public let picture: PixelSize
  /// Size that the whole picture is scaled to.
  public let scaled: PixelSize
  /// The part of the scaled picture that is the input. It reaches beyond the edges where the input is
  /// letterboxed.
  public let window: PixelRect

  public init(picture: PixelSize, scaled: PixelSize, window: PixelRect) {
    self.picture = picture
    self.scaled = scaled
    self.window = window
  }

  /// Size of the network's input.
  public var input: PixelSize { window.size }

  /// The input that the network sees. What lies beyond the picture is mid-gray, which speaks for no
  /// class more than black or white would.
  public func input(from picture: Bitmap, filter: ResizeFilter = .bilinear) -> Bitmap {
    precondition(picture.size == self.picture, "placed for \(self.picture), got \(picture.size)")
    let gray = [UInt8](repeating: 128, count: picture.channels)
    guard let visible = window.intersection(scaled.bounds) else {
      return Bitmap(size: input, layout: picture.layout, filledWith: gray)
    }
    let part = picture.resized(to: scaled, only: visible, filter: filter)
    let place = PixelRect(
      x: window.x - visible.x, y: window.y - visible.y, width: window.width, height: window.height)
    return part.cropped(to: place, filling: gray)
  }

  /// A map over the input, of any resolution, on the picture's own grid. Pixels that the network never
  /// saw become NaN.
  public func project(_ map: Image<Float>) -> Image<Float> {
    let channels = map.channels
    let (toScaledX, toScaledY) = (
      Double(scaled.width) / Double(picture.width), Double(scaled.height) / Double(picture.height)
    )
    let (toMapX, toMapY) = (
      Double(map.width) / Double(input.width), Double(map.height) / Double(input.height)
    )
    // Positions in the map of each column and row of the picture; nil outside the window.
    func positions(
      _ count: Int, _ toScaled: Double, _ start: Int, _ extent: Int, _ toMap: Double
    ) -> [Double?] {
      (0..<count).map { index in
        let position = (Double(index) + 0.5) * toScaled - Double(start)
        return position >= 0 && position <= Double(extent) ? position * toMap - 0.5 : nil
      }
    }
    let columns = positions(picture.width, toScaledX, window.x, window.width, toMapX)
    let rows = positions(picture.height, toScaledY, window.y, window.height, toMapY)
    return map.withSamples { source in
      Image(size: picture, layout: map.layout) { target in
        var index = 0
        for row in rows {
          for column in columns {
            for channel in 0..<channels {
              var value = Float.nan
              if let row, let column {
                value = Self.sample(
                  source, map.size, channels, channel: channel, x: column, y: row)
              }
              target.initializeElement(at: index, to: value)
              index += 1
            }
          }
        }
      }
    }
  }

  /// Bilinear, edges clamped.
  private static func sample(
    _ source: UnsafeBufferPointer<Float>, _ size: PixelSize, _ channels: Int, channel: Int,
    x: Double, y: Double
  ) -> Float {
    let x = min(max(x, 0), Double(size.width - 1))
    let y = min(max(y, 0), Double(size.height - 1))
    let (left, top) = (Int(x), Int(y))
    let (right, bottom) = (min(left + 1, size.width - 1), min(top + 1, size.height - 1))
    func value(_ x: Int, _ y: Int) -> Double {
      Double(source[(y * size.width + x) * channels + channel])
    }
    let (partX, partY) = (x - Double(left), y - Double(top))
    let above = value(left, top) * (1 - partX) + value(right, top) * partX
    let below = value(left, bottom) * (1 - partX) + value(right, bottom) * partX
    return Float(above * (1 - partY) + below * partY)
  }

  /// The part of the picture that the network saw, rounded outwards; nil where it saw none.
  public var seen: PixelRect? {
    func range(_ start: Int, _ extent: Int, _ scaled: Int, _ picture: Int) -> Range<Int> {
      let low = max(0, start) * picture / scaled
      let high = (min(scaled, start + extent) * picture + scaled - 1) / scaled
      return low..<max(low, high)
    }
    let columns = range(window.x, window.width, scaled.width, picture.width)
    let rows = range(window.y, window.height, scaled.height, picture.height)
    guard !columns.isEmpty, !rows.isEmpty else { return nil }
    return PixelRect(
      x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }
}

public import Imaging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A coloured map laid over the picture it explains.
///
/// The colour covers a pixel by opacity · |v|^gamma, where v is the normalised map value: where the
/// map is near zero the photograph stays as it is, and its pixels are never stretched. Pixels that
/// the network did not see (NaN) are darkened and hatched.
public struct Overlay: Sendable, Hashable, Codable {
  /// The colours of normalised values.
  public var colorMap: ColorMap
  /// How much of the picture the strongest value hides, 0...1.
  public var opacity: Float
  /// Below 1 weak values show more, above 1 less; above 0.
  public var gamma: Float

  /// Colours that hide the picture as little as magnitudes in soft blobs allow.
  public static let magnitude = Overlay(colorMap: .turbo, opacity: 0.6, gamma: 0.7)

  /// Strong colours for signed maps, whose single pixels would be lost otherwise.
  public static let signed = Overlay(colorMap: .blueRed, opacity: 0.9, gamma: 0.6)

  /// An overlay in the colours of a map.
  public init(colorMap: ColorMap, opacity: Float = 0.7, gamma: Float = 0.7) {
    self.colorMap = colorMap
    self.opacity = opacity
    self.gamma = gamma
  }
}

extension Overlay {
  /// The picture as `rgb` with the map's colours on it.
  ///
  /// `map` is normalised: −1...1 or 0...1 as the colour map's kind asks for, NaN for not seen, and
  /// has the picture's size. Transparent pictures are flattened on white. Traps for a map of
  /// another size or with more than one channel.
  public func blended(map: Image<Float>, over picture: Bitmap) -> Bitmap {
    precondition(map.layout == .gray, "a map has one channel, got \(map.layout)")
    precondition(
      map.size == picture.size,
      "the map is \(map.size) but the picture is \(picture.size)"
    )
    let tints = colorMap.colors.indices.map { tint(at: $0) }
    var result = picture.opaqueRGB
    let size = result.size
    result.withMutableSamples { pixels in
      map.withSamples { values in
        for (index, value) in values.enumerated() {
          let tint =
            value.isNaN
            ? Self.unseen(x: index % size.width, y: index / size.width, in: size)
            : tints[colorMap.index(of: value)]
          let at = index * 3
          pixels[at] = tint.over(pixels[at], tint.color.red)
          pixels[at + 1] = tint.over(pixels[at + 1], tint.color.green)
          pixels[at + 2] = tint.over(pixels[at + 2], tint.color.blue)
        }
      }
    }
    return result
  }

  /// A normalised map's colours without a picture, as `rgb`; what was not seen is gray and hatched.
  public func alone(map: Image<Float>) -> Bitmap {
    precondition(map.layout == .gray, "a map has one channel, got \(map.layout)")
    let size = map.size
    return Bitmap(size: size, layout: .rgb) { pixels in
      map.withSamples { values in
        for (index, value) in values.enumerated() {
          var color = colorMap.colors[colorMap.index(of: value)]
          if value.isNaN {
            let tint = Self.unseen(x: index % size.width, y: index / size.width, in: size)
            color = Color(gray: tint.over(210, tint.color.red))
          }
          pixels.initializeElement(at: 3 * index, to: color.red)
          pixels.initializeElement(at: 3 * index + 1, to: color.green)
          pixels.initializeElement(at: 3 * index + 2, to: color.blue)
        }
      }
    }
  }

  /// A colour and how much of it covers the picture.
  private struct Tint {
    var color: Color
    var share: Float

    func over(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8(Float(below) + (Float(above) - Float(below)) * share + 0.5)
    }
  }

  private func tint(at index: Int) -> Tint {
    let fraction = Float(index) / 256
    let strength = colorMap.kind == .sequential ? fraction : abs(2 * fraction - 1)
    let share = strength == 0 ? 0 : min(max(opacity, 0), 1) * pow(strength, gamma)
    guard colorMap.kind == .diverging else {
      return Tint(color: colorMap.colors[index], share: share)
    }
    // The share tells weak from strong already; the pale middle of the map would only fog the
    // picture, so the inner half of each arm is left out.
    let outer = index < 128 ? index / 2 : 128 + index / 2
    return Tint(color: colorMap.colors[outer], share: share)
  }

  /// Dark gray over the picture, more of it on diagonals, which lie 8 pixels apart in small pictures
  /// and farther in large ones, so that they are seen when the whole picture is.
  private static func unseen(x: Int, y: Int, in size: PixelSize) -> Tint {
    let width = max(min(size.width, size.height) / 300, 1)
    let isOnLine = (x + y) % (8 * width) < width
    return Tint(color: Color(gray: 40), share: isOnLine ? 0.85 : 0.55)
  }
}

extension Image<UInt8> {
  /// The picture with a line of white on a dark label at the lower left.
  ///
  /// The letters grow with the picture, and shrink where it is too narrow for the line.
  func captioned(_ text: String) -> Bitmap {
    let emWidth = TextStyle(size: 1).width(of: text) + 0.5
    let size = min(max(Double(min(width, height)) / 25, 12), Double(width) / emWidth)
    let style = TextStyle(size: size, color: .white, baseline: .middle)
    var canvas = RasterCanvas(over: self)
    let label = Rect(
      x: 0,
      y: Double(height) - style.lineHeight - 2,
      width: style.width(of: text) + style.size / 2,
      height: style.lineHeight + 2
    )
    canvas.fill(.rectangle(label), with: Color(gray: 20).faded(to: 0.75))
    canvas.draw(
      text,
      at: Point(x: style.size / 4, y: label.center.y),
      style: style
    )
    return canvas.bitmap
  }
}

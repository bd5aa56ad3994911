import Imaging

/// Lines of equal value, drawn over a picture.
///
/// A pixel's distance from a line is taken as |v − level| / |∇v|, which is exact where the map is a slope
/// and costs no tracing of curves. Plateaus have no slope, so it is never taken below a quarter of the
/// range over the whole picture.
struct Contours: Sendable, Hashable {
  /// Fractions of full colour, 0...1; drawn on both sides of zero where a map has signs.
  static let levels: [Float] = [0.25, 0.5, 0.75]

  let colorMap: ColorMap

  /// Draws the lines of a normalised map; NaN has none. Traps unless both have one size.
  func draw(_ map: Image<Float>, on picture: inout Bitmap) {
    precondition(map.size == picture.size && picture.layout == .rgb, "\(map.size) on a picture")
    let (width, height) = (map.width, map.height)
    let short = Float(min(width, height))
    let line = max(short / 260, 1.1)
    let halo = line + max(line * 0.7, 1.4)
    let flattest = 0.25 / short
    picture.withMutableSamples { pixels in
      map.withSamples { values in
        for y in 0..<height {
          for x in 0..<width {
            let at = y * width + x
            let value = values[at]
            guard abs(value) > 0.05 else { continue }
            func neighbour(_ index: Int, _ isInside: Bool) -> Float {
              isInside && !values[index].isNaN ? values[index] : value
            }
            let across = neighbour(at + 1, x + 1 < width) - neighbour(at - 1, x > 0)
            let down = neighbour(at + width, y + 1 < height) - neighbour(at - width, y > 0)
            let slope = max((across * across + down * down).squareRoot() / 2, flattest)
            var distance = Float.infinity
            for level in Self.levels { distance = min(distance, abs(abs(value) - level)) }
            distance /= slope
            let inner = min(max(line / 2 + 0.5 - distance, 0), 1)
            let outer = min(max(halo / 2 + 0.5 - distance, 0), 1)
            guard outer > 0 else { continue }
            let (ink, rim) = colors(value)
            Self.blend(rim, outer * 0.75, into: pixels, at: 3 * at)
            Self.blend(ink, inner, into: pixels, at: 3 * at)
          }
        }
      }
    }
  }

  /// The line and what sets it off from the picture. The two sides of zero have the colours of the
  /// map's ends.
  private func colors(_ value: Float) -> (ink: Color, rim: Color) {
    switch colorMap.kind {
    case .sequential: (.white, .black)
    case .diverging: (value < 0 ? colorMap.colors[0] : colorMap.colors[256], .white)
    }
  }

  private static func blend(
    _ color: Color, _ share: Float, into pixels: UnsafeMutableBufferPointer<UInt8>, at index: Int
  ) {
    func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8(Float(below) + (Float(above) - Float(below)) * share + 0.5)
    }
    pixels[index] = mix(pixels[index], color.red)
    pixels[index + 1] = mix(pixels[index + 1], color.green)
    pixels[index + 2] = mix(pixels[index + 2], color.blue)
  }
}

import Imaging

@testable import Rendering

extension Image<UInt8> {
  /// How much black the picture holds, in pixels: white counts 0, black 1.
  var ink: Double { ink(in: size.bounds) }

  func ink(in rect: PixelRect) -> Double {
    withSamples { samples in
      var sum = 0
      for y in rect.y..<rect.maxY {
        for x in rect.x..<rect.maxX { sum += 255 - Int(samples[(y * width + x) * channels]) }
      }
      return Double(sum) / 255
    }
  }

  func color(_ x: Int, _ y: Int) -> Color {
    Color(red: self[x, y, 0], green: self[x, y, 1], blue: self[x, y, 2])
  }
}

/// Ink of a drawing on white.
func ink(_ width: Int, _ height: Int, _ draw: (inout RasterCanvas) -> Void) -> Double {
  picture(width, height, draw).ink
}

func picture(_ width: Int, _ height: Int, _ draw: (inout RasterCanvas) -> Void) -> Bitmap {
  var canvas = RasterCanvas(size: PixelSize(width: width, height: height))
  draw(&canvas)
  return canvas.bitmap
}

/// Numbers that look random and are the same everywhere (Knuth's MMIX generator).
struct Numbers: RandomNumberGenerator {
  var state: UInt64 = 1

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

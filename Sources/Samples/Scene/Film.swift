import Imaging

/// From light to a picture: lens, film and grain.
struct Film {
  let exposure: Float
  /// How dark the corners are, 0...1.
  let vignette: Float
  let grain: Float
  /// How fast things blur away from the subject's distance, in parts of the picture's width.
  let aperture: Float
  let seed: UInt32

  init(random: inout PictureRandom) {
    exposure = random.float(0.85, 1.15)
    vignette = random.float(0, 0.3)
    grain = random.float(0.004, 0.014)
    aperture = random.float(0.004, 0.03)
    seed = random.key32()
  }

  /// The deviation of the blur at a depth, in pixels.
  func blur(at depth: Float, focus: Float, side: Int) -> Float {
    min(aperture * (1 - focus / depth).magnitude, 0.022) * Float(side)
  }

  /// 8-bit sRGB of linear light.
  func developed(_ light: Image<Float>, marking mark: (Int, Int, inout Triple) -> Void) -> Bitmap {
    let (width, height) = (light.width, light.height)
    return Bitmap(
      size: light.size, layout: .rgb,
      unsafeUninitializedSamples: { samples in
        light.withSamples { light in
          for y in 0..<height {
            for x in 0..<width {
              let index = (y * width + x) * 3
              let (u, v) = (
                (Float(x) + 0.5) * 2 / Float(width) - 1, (Float(y) + 0.5) * 2 / Float(height) - 1
              )
              let dim = exposure * (1 - vignette * (u * u + v * v) * 0.5)
              var color = Self.encoded(
                Self.toned(Triple(light[index], light[index + 1], light[index + 2]) * dim))
              mark(x, y, &color)
              color += noise(x, y)
              for channel in 0..<3 {
                samples[index + channel] = UInt8(nearest: color[channel] * 255)
              }
            }
          }
        }
      })
  }

  /// A curve that spares the lights (K. Narkowicz's fit of the film industry's ACES).
  private static func toned(_ x: Triple) -> Triple {
    let y = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)
    return y.clamped(lowerBound: .zero, upperBound: .one)
  }

  /// sRGB's curve within 0.003, by roots.
  private static func encoded(_ x: Triple) -> Triple {
    let a = x.squareRoot()
    let b = a.squareRoot()
    let c = b.squareRoot()
    return (0.662002687 * a + 0.684122060 * b - 0.323583601 * c - 0.022541147 * x)
      .clamped(lowerBound: .zero, upperBound: .one)
  }

  /// Mostly alike in the three channels.
  private func noise(_ x: Int, _ y: Int) -> Triple {
    var bits =
      seed &+ UInt32(truncatingIfNeeded: x) &* 0x8DA6_B343
      &+ UInt32(truncatingIfNeeded: y) &* 0xD816_3841
    func next() -> Float {
      bits ^= bits >> 16
      bits = bits &* 0x7FEB_352D
      bits ^= bits >> 15
      bits = bits &* 0x846C_A68B
      bits ^= bits >> 16
      // The sum of four even distributions is nearly a bell.
      let sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24)
      return (Float(sum) - 510) * (1 / 147.8)
    }
    return (Triple(repeating: next()) + Triple(next(), next(), next()) * 0.4) * grain
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A colour in OKLab, where equal steps look about equally large.
///
/// Lightness runs from 0 (black) to 1 (white); `a` leans from green to red, `b` from blue to yellow,
/// both within about ±0.4 and zero for grays.
///
/// Björn Ottosson: A perceptual color space for image processing, 2020.
struct PerceptualColor: Sendable, Equatable {
  var lightness: Double
  var a: Double
  var b: Double

  init(lightness: Double, a: Double, b: Double) {
    self.lightness = lightness
    self.a = a
    self.b = b
  }

  /// Alpha is left out of account.
  init(_ color: Color) {
    let red = Self.linear(color.red)
    let green = Self.linear(color.green)
    let blue = Self.linear(color.blue)
    let l = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    let m = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    let s = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    self.init(
      lightness: 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
      a: 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
      b: 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
    )
  }

  /// The nearest opaque sRGB colour of this lightness and hue.
  ///
  /// A colour outside sRGB gives up as little of its chroma as will bring it inside.
  var color: Color {
    var kept = 1.0
    if !isDisplayable(chroma: 1) {
      var inside = 0.0
      var outside = 1.0
      for _ in 0..<24 {
        let middle = (inside + outside) / 2
        if isDisplayable(chroma: middle) { inside = middle } else { outside = middle }
      }
      kept = inside
    }
    let (red, green, blue) = linearChannels(chroma: kept)
    return Color(red: Self.encoded(red), green: Self.encoded(green), blue: Self.encoded(blue))
  }

  private func isDisplayable(chroma: Double) -> Bool {
    let (red, green, blue) = linearChannels(chroma: chroma)
    // The slack is below half a code value of the darkest step, so that white and black pass.
    let range = -1e-4...1.0001
    return range.contains(red) && range.contains(green) && range.contains(blue)
  }

  private func linearChannels(chroma: Double) -> (Double, Double, Double) {
    let a = a * chroma
    let b = b * chroma
    let l = lightness + 0.3963377774 * a + 0.2158037573 * b
    let m = lightness - 0.1055613458 * a - 0.0638541728 * b
    let s = lightness - 0.0894841775 * a - 1.2914855480 * b
    let (l3, m3, s3) = (l * l * l, m * m * m, s * s * s)
    return (
      4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
      -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
      -0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3
    )
  }

  private static func linear(_ code: UInt8) -> Double {
    let value = Double(code) / 255
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
  }

  private static func encoded(_ linear: Double) -> UInt8 {
    let value = min(max(linear, 0), 1)
    let code = value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055
    return UInt8(code * 255 + 0.5)
  }
}

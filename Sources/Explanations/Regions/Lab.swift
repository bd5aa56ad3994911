import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// CIE L*a*b* under the white D65, in which distances are about as far as they look.
enum Lab {
  /// Colours of every position of `[1, C, H, W]`, values 0...1; three channels are red, green and blue,
  /// any other number is averaged to gray.
  static func colors(of input: Tensor) -> [SIMD3<Double>] {
    let (channels, plane) = (input.shape[1], input.shape[2] * input.shape[3])
    return input.withScalars { values in
      (0..<plane).map { place in
        if channels == 3 {
          return color(
            SIMD3(
              Double(values[place]), Double(values[plane + place]),
              Double(values[2 * plane + place])))
        }
        let sum = (0..<channels).reduce(0.0) { $0 + Double(values[$1 * plane + place]) }
        return color(SIMD3(repeating: sum / Double(channels)))
      }
    }
  }

  /// The colour of red, green and blue as screens show them.
  private static func color(_ screen: SIMD3<Double>) -> SIMD3<Double> {
    func linear(_ value: Double) -> Double {
      let v = min(max(value, 0), 1)
      return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)
    }
    func bend(_ value: Double) -> Double {
      value > 0.008856 ? cbrt(value) : 7.787 * value + 16.0 / 116
    }
    let (r, g, b) = (linear(screen.x), linear(screen.y), linear(screen.z))
    let x = bend((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047)
    let y = bend(0.212671 * r + 0.715160 * g + 0.072169 * b)
    let z = bend((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883)
    return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
  }
}

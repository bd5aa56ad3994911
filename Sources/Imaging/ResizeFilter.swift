#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The kernel that weighs the pixels around a resampled one.
///
/// When a picture shrinks, the kernel widens with the factor, so that every pixel has its say
/// (antialiasing); `nearest` alone looks at a single pixel.
public enum ResizeFilter: String, Sendable, Codable, CaseIterable {
  case nearest, box, bilinear, bicubic, lanczos

  /// Half the kernel's width in pixels, at scale 1; 0 marks the lookup of one pixel.
  var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The kernel at the signed distance `x`, not normalised.
  func weight(at x: Double) -> Double {
    switch self {
    case .nearest: return 1
    case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: return max(0, 1 - abs(x))
    case .bicubic:
      // Keys' cubic with a = -1/2.
      let d = abs(x)
      if d < 1 { return (1.5 * d - 2.5) * d * d + 1 }
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
    case .lanczos:
      func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
      return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }
}

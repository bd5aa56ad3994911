#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// aᵇ.
public enum Power: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float {
    // The exponent of nearly every exporter; exact, and the power function is twenty times dearer.
    b == 2 ? a * a : powf(a, b)
  }

  /// The derivative for the exponent is taken for 0 where the base is not positive.
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) {
    (b == 2 ? 2 * a : b * powf(a, b - 1), a > 0 ? powf(a, b) * logf(a) : 0)
  }

  public static var slopesReadOperands: Bool { true }
}

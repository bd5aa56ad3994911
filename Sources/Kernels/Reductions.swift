#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Σ x.
public enum SumOfValues: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.total { $0 }
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    slopes.update(repeating: 1, count: line.count)
  }
  public static var slopesReadOperands: Bool { false }
}

/// Σ x / n.
public enum MeanOfValues: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.total { $0 } / Float(line.count)
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    slopes.update(repeating: 1 / Float(line.count), count: line.count)
  }
  public static var slopesReadOperands: Bool { false }
}

/// max x; all largest values move it alike. NaN where any value is.
public enum LargestOfValues: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.reduce(-.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    line.shareEvenly(among: value, into: slopes)
  }
  public static var slopesReadOperands: Bool { true }
}

/// min x; all smallest values move it alike. NaN where any value is.
public enum SmallestOfValues: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.reduce(.infinity) { $1.isNaN || $1 < $0 ? $1 : $0 }
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    line.shareEvenly(among: value, into: slopes)
  }
  public static var slopesReadOperands: Bool { true }
}

/// Π x.
public enum ProductOfValues: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float { line.reduce(1, *) }

  /// Each element's slope is the product of all others, which zeros among them make 0.
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    // What stands before each element, then what stands behind it.
    var product: Float = 1
    for index in 0..<line.count {
      slopes[index] = product
      product *= line[index]
    }
    product = 1
    for index in (0..<line.count).reversed() {
      slopes[index] *= product
      product *= line[index]
    }
  }
  public static var slopesReadOperands: Bool { true }
}

/// Σ |x|.
public enum SumOfMagnitudes: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.total(\.magnitude)
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<line.count { slopes[index] = line[index] > 0 ? 1 : line[index] < 0 ? -1 : 0 }
  }
  public static var slopesReadOperands: Bool { true }
}

/// Σ x².
public enum SumOfSquares: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.total { $0 * $0 }
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<line.count { slopes[index] = 2 * line[index] }
  }
  public static var slopesReadOperands: Bool { true }
}

/// √Σ x²; flat at 0.
public enum EuclideanLength: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    line.total { $0 * $0 }.squareRoot()
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    let factor = value == 0 ? 0 : 1 / value
    for index in 0..<line.count { slopes[index] = line[index] * factor }
  }
  public static var slopesReadOperands: Bool { true }
}

/// log Σ x.
public enum LogarithmOfSum: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    logf(line.total { $0 })
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    slopes.update(repeating: expf(-value), count: line.count)
  }
  public static var slopesReadOperands: Bool { true }
}

/// log Σ eˣ, which large values do not overflow.
public enum LogarithmOfExponentials: Reduction {
  public static func value(of line: UnsafeBufferPointer<Float>) -> Float {
    let largest = LargestOfValues.value(of: line)
    // An infinite value decides alone.
    guard largest.isFinite else { return largest }
    return largest + logf(line.total { expf($0 - largest) })
  }
  public static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<line.count { slopes[index] = expf(line[index] - value) }
  }
  public static var slopesReadOperands: Bool { true }
}

extension UnsafeBufferPointer<Float> {
  /// Σ f(x).
  @inline(__always)
  fileprivate func total(_ function: (Float) -> Float) -> Float {
    guard let start = baseAddress else { return 0 }
    return Float(LongSum.sum(start, count: count, of: function))
  }

  /// One in equal shares among the elements of a value, 0 for the others.
  fileprivate func shareEvenly(among value: Float, into slopes: UnsafeMutablePointer<Float>) {
    let winners = reduce(0) { $0 + ($1 == value ? 1 : 0) }
    let share = winners == 0 ? 0 : 1 / Float(winners)
    for index in 0..<count { slopes[index] = self[index] == value ? share : 0 }
  }
}

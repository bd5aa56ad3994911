public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The error function.
public struct ErrorFunction: NamedFunction {
  public static let kind = "Erf"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    erff(x)
  }

  public func slope(at x: Float) -> Float {
    1.1283792 * expf(-x * x)
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension ErrorFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ErrorFunction {
    ErrorFunction()
  }
}

extension ErrorFunction: SaturatingFunction {
  /// The slope is 2/√π · exp(−x²).
  public func reach(ofSlope slope: Float) -> Float? {
    (-logf(Self.share(slope, of: 1.1283792))).squareRoot()
  }
}

/// The error function of every element.
public typealias Erf = Pointwise<ErrorFunction>

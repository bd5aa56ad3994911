public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// 1 / (1 + e⁻ˣ).
public struct LogisticFunction: NamedFunction {
  public static let kind = "Sigmoid"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    1 / (1 + expf(-x))
  }

  public func slope(at y: Float) -> Float {
    y * (1 - y)
  }

  public static var slopeReads: SlopeOperand { .value }

  public var accelerated: VectorFunction? { .logistic }
}

extension LogisticFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> LogisticFunction {
    LogisticFunction()
  }
}

extension LogisticFunction: SaturatingFunction {
  /// The slope is 1 / (4 cosh²(x/2)).
  public func reach(ofSlope slope: Float) -> Float? {
    2 * acoshf(1 / Self.share(slope, of: 0.25).squareRoot())
  }
}

/// The logistic function.
public typealias Sigmoid = Pointwise<LogisticFunction>

public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// log(1 + eˣ).
public struct SoftplusFunction: NamedFunction {
  public static let kind = "Softplus"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    max(x, 0) + log1pf(expf(-x.magnitude))
  }

  public func slope(at x: Float) -> Float {
    LogisticFunction()(x)
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension SoftplusFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SoftplusFunction {
    SoftplusFunction()
  }
}

/// The smooth rectifier.
public typealias Softplus = Pointwise<SoftplusFunction>

public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The natural logarithm.
public struct NaturalLogarithm: NamedFunction {
  public static let kind = "Log"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    logf(x)
  }

  public func slope(at x: Float) -> Float {
    1 / x
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension NaturalLogarithm: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> NaturalLogarithm {
    NaturalLogarithm()
  }
}

/// The natural logarithm of every element.
public typealias Log = Pointwise<NaturalLogarithm>

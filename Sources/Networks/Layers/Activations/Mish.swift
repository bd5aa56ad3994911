public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x · tanh(log(1 + eˣ)).
public struct MishFunction: NamedFunction {
  public static let kind = "Mish"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    x * tanhf(SoftplusFunction()(x))
  }

  public func slope(at x: Float) -> Float {
    let gate = tanhf(SoftplusFunction()(x))
    return gate + x * (1 - gate * gate) * LogisticFunction()(x)
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension MishFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> MishFunction {
    MishFunction()
  }
}

/// The input gated by the hyperbolic tangent of its softplus.
public typealias Mish = Pointwise<MishFunction>

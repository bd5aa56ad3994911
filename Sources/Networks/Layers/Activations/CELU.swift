public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x where it is positive, α·(exp(x/α) − 1) elsewhere: the ELU whose slope has no jump.
public struct ContinuousExponentialLinear: NamedFunction {
  public static let kind = "Celu"
  public let alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public func callAsFunction(_ x: Float) -> Float { x > 0 ? x : alpha * expm1f(x / alpha) }
  public func slope(at x: Float) -> Float { x > 0 ? 1 : expf(x / alpha) }
  public static var slopeReads: SlopeOperand { .input }
}

extension ContinuousExponentialLinear: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ContinuousExponentialLinear {
    ContinuousExponentialLinear(alpha: try node.float("alpha") ?? 1)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha)] }
}

/// The exponential linear unit with a continuous slope.
public typealias CELU = Pointwise<ContinuousExponentialLinear>

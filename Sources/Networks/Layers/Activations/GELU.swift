public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x · Φ(x), Φ being the normal distribution, or its approximation by a hyperbolic tangent.
public struct GaussianLinear: NamedFunction {
  public static let kind = "Gelu"
  /// Whether ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) stands for Φ.
  public let isApproximate: Bool

  public init(isApproximate: Bool = false) { self.isApproximate = isApproximate }

  public func callAsFunction(_ x: Float) -> Float {
    isApproximate
      ? 0.5 * x * (1 + tanhf(Self.argument(x))) : 0.5 * x * (1 + erff(x * 0.70710678))
  }

  public func slope(at x: Float) -> Float {
    if isApproximate {
      let gate = tanhf(Self.argument(x))
      let inner = 0.7978845608 * (1 + 3 * 0.044715 * x * x)
      return 0.5 * (1 + gate) + 0.5 * x * (1 - gate * gate) * inner
    }
    return 0.5 * (1 + erff(x * 0.70710678)) + x * 0.3989422804 * expf(-0.5 * x * x)
  }

  private static func argument(_ x: Float) -> Float {
    0.7978845608 * (x + 0.044715 * x * x * x)
  }

  public static var slopeReads: SlopeOperand { .input }

  public var accelerated: VectorFunction? {
    isApproximate ? .approximateGaussianLinear : .gaussianLinear
  }
}

extension GaussianLinear: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> GaussianLinear {
    switch try node.string("approximate") ?? "none" {
    case "none": return GaussianLinear()
    case "tanh": return GaussianLinear(isApproximate: true)
    case let other: throw LayerError("approximates by '\(other)'; there are none and tanh")
    }
  }

  var attributes: [String: ONNXAttribute] {
    ["approximate": .string(isApproximate ? "tanh" : "none")]
  }
}

/// The input gated by its normal distribution.
public typealias GELU = Pointwise<GaussianLinear>

public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// gamma · x, or gamma · alpha · (eˣ − 1) below zero.
public struct ScaledExponentialLinear: NamedFunction {
  public static let kind = "Selu"
  /// Depth below zero, before scaling.
  public let alpha: Float
  /// Scale.
  public let gamma: Float

  public init(alpha: Float = 1.6732632, gamma: Float = 1.050701) {
    self.alpha = alpha
    self.gamma = gamma
  }

  public func callAsFunction(_ x: Float) -> Float {
    gamma * (x < 0 ? alpha * expm1f(x) : x)
  }

  public func slope(at x: Float) -> Float {
    gamma * (x > 0 ? 1 : alpha * expf(x))
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension ScaledExponentialLinear: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ScaledExponentialLinear {
    ScaledExponentialLinear(
      alpha: try node.float("alpha") ?? 1.6732632,
      gamma: try node.float("gamma") ?? 1.050701)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha), "gamma": .float(gamma)] }
}

/// The self-normalising exponential rectifier.
public typealias SELU = Pointwise<ScaledExponentialLinear>

public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x, or alpha · (eˣ − 1) below zero.
public struct ExponentialLinear: NamedFunction {
  public static let kind = "Elu"
  /// Depth below zero.
  public let alpha: Float

  public init(alpha: Float = 1) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Float) -> Float {
    x < 0 ? alpha * expm1f(x) : x
  }

  public func slope(at x: Float) -> Float {
    x > 0 ? 1 : alpha * expf(x)
  }

  public static var slopeReads: SlopeOperand { .input }
}

extension ExponentialLinear: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> ExponentialLinear {
    ExponentialLinear(
      alpha: try node.float("alpha") ?? 1)
  }

  var attributes: [String: ONNXAttribute] { ["alpha": .float(alpha)] }
}

/// The rectifier with an exponential tail.
public typealias ELU = Pointwise<ExponentialLinear>

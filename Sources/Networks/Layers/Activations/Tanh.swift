public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The hyperbolic tangent.
public struct HyperbolicTangent: NamedFunction {
  public static let kind = "Tanh"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    tanhf(x)
  }

  public func slope(at y: Float) -> Float {
    1 - y * y
  }

  public static var slopeReads: SlopeOperand { .value }

  public var accelerated: VectorFunction? { .hyperbolicTangent }
}

extension HyperbolicTangent: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> HyperbolicTangent {
    HyperbolicTangent()
  }
}

extension HyperbolicTangent: SaturatingFunction {
  /// The slope is 1 / cosh²x.
  public func reach(ofSlope slope: Float) -> Float? {
    acoshf(1 / Self.share(slope, of: 1).squareRoot())
  }
}

/// The hyperbolic tangent of every element.
public typealias Tanh = Pointwise<HyperbolicTangent>

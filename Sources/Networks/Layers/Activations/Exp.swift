public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// eˣ.
public struct Exponential: NamedFunction {
  public static let kind = "Exp"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float {
    expf(x)
  }

  public func slope(at y: Float) -> Float {
    y
  }

  public static var slopeReads: SlopeOperand { .value }

  public var accelerated: VectorFunction? { .exponential }
}

extension Exponential: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> Exponential {
    Exponential()
  }
}

/// The exponential of every element.
public typealias Exp = Pointwise<Exponential>

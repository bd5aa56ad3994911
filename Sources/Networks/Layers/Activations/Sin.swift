public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The sine.
public struct SineFunction: NamedFunction {
  public static let kind = "Sin"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { sinf(x) }
  public func slope(at x: Float) -> Float { cosf(x) }
  public static var slopeReads: SlopeOperand { .input }
}

extension SineFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SineFunction { SineFunction() }
}

/// The sine of every element.
public typealias Sin = Pointwise<SineFunction>

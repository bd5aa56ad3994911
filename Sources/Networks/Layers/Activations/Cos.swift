public import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cosine.
public struct CosineFunction: NamedFunction {
  public static let kind = "Cos"

  public init() {}

  public func callAsFunction(_ x: Float) -> Float { cosf(x) }
  public func slope(at x: Float) -> Float { -sinf(x) }
  public static var slopeReads: SlopeOperand { .input }
}

extension CosineFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> CosineFunction { CosineFunction() }
}

/// The cosine of every element.
public typealias Cos = Pointwise<CosineFunction>

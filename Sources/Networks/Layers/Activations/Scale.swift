public import Kernels
import Tensors

/// A fixed factor.
public struct FixedFactor: NamedFunction {
  public static let kind = "Scale"
  public let factor: Float

  public init(_ factor: Float) { self.factor = factor }

  public func callAsFunction(_ x: Float) -> Float { factor * x }
  public func slope(at x: Float) -> Float { factor }
  public static var slopeReads: SlopeOperand { .value }
}

/// Every element times a fixed factor.
public typealias Scale = Pointwise<FixedFactor>

extension Scale {
  /// The layer, or none where the factor is 1.
  static func layers(_ factor: Float) -> [any Layer] {
    factor == 1 ? [] : [Scale(FixedFactor(factor))]
  }
}

extension FixedFactor: ONNXWritableFunction {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let factor = file.tensor(Tensor([factor], shape: []), as: "\(site.name).factor")
    file.node("Mul", of: site.inputs + [factor], as: site.name)
  }
}

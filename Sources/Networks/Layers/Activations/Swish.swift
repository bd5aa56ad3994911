public import Kernels
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x / (1 + exp(−αx)); with α = 1, the SiLU.
public struct SwishFunction: NamedFunction {
  public static let kind = "Swish"
  public let alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public func callAsFunction(_ x: Float) -> Float { x / (1 + expf(-alpha * x)) }
  public func slope(at x: Float) -> Float {
    let share = 1 / (1 + expf(-alpha * x))
    return share + alpha * x * share * (1 - share)
  }
  public static var slopeReads: SlopeOperand { .input }

  public var accelerated: VectorFunction? { .swish(alpha: alpha) }
}

extension SwishFunction: ONNXFunction {
  static func read(_ node: ONNXNode) throws(LayerError) -> SwishFunction {
    SwishFunction(alpha: try node.float("alpha") ?? 1)
  }

  /// In operators that older files may have, too.
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var scaled = site.inputs[0]
    if alpha != 1 {
      let factor = file.tensor(Tensor([alpha], shape: []), as: "\(site.name).alpha")
      scaled = file.free("\(site.name)/scaled")
      file.node("Mul", of: [site.inputs[0], factor], as: scaled)
    }
    let share = file.free("\(site.name)/share")
    file.node("Sigmoid", of: [scaled], as: share)
    file.node("Mul", of: [site.inputs[0], share], as: site.name)
  }
}

/// Every element times the logistic function of itself.
public typealias Swish = Pointwise<SwishFunction>

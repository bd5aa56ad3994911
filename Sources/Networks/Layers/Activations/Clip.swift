public import Kernels
import Tensors

/// min(max(x, low), high): ReLU6 and its kin.
public struct ClipFunction: NamedFunction {
  public static let kind = "Clip"
  public let low: Float
  public let high: Float

  /// Either bound may be infinite.
  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  public func callAsFunction(_ x: Float) -> Float {
    // Comparisons in this order keep NaN.
    let raised = x < low ? low : x
    return raised > high ? high : raised
  }

  /// One inside the bounds and on them where PyTorch has it so: its clamp lets the cotangent through
  /// at both ends, its ReLU6 at neither. Exported ReLU6 is the common case.
  public func slope(at value: Float) -> Float { value > low && value < high ? 1 : 0 }

  public static var slopeReads: SlopeOperand { .value }

  public var accelerated: VectorFunction? { .clip(low: low, high: high) }
}

extension ClipFunction: GatedFunction {
  public var gate: Gate { Gate(low: low, high: high) }
}

extension ClipFunction: SaturatingFunction {
  /// Nil unless both limits are finite, and lie on both sides of 0: ReLU6 is a rectifier.
  public func reach(ofSlope slope: Float) -> Float? {
    low < 0 && high > 0 && low.isFinite && high.isFinite ? min(-low, high) : nil
  }
}

/// Limits every element to a range.
public typealias Clip = Pointwise<ClipFunction>

/// Limits that a file gives, which may depend on the picture.
enum ClipOperator: ONNXOperator {
  static let onnxKinds = ["Clip"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let limits = [node.optionalInput(1), node.optionalInput(2)]
    guard limits.contains(where: { if case .computed? = $0 { true } else { false } }) else {
      let function = ClipFunction(
        low: try node.float("min", orInput: 1) ?? -.infinity,
        high: try node.float("max", orInput: 2) ?? .infinity)
      return .layer(Clip(function), of: input)
    }
    let raised = limits[0].map { ONNXReading.layers([Max()], of: [input, $0]) } ?? .same(input)
    return limits[1].map { .joined([Min()], of: [raised, .same($0)]) } ?? raised
  }
}

extension ClipFunction: ONNXWritableFunction {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    func bound(_ value: Float, _ role: String) -> String? {
      value.isFinite ? file.tensor(Tensor([value], shape: []), as: "\(site.name).\(role)") : nil
    }
    let bounds = [bound(low, "min"), bound(high, "max")]
    file.node(Self.kind, of: site.inputs + bounds, as: site.name)
  }
}

import Tensors

/// A function that lets values through between two bounds and holds them there beyond: the rectifier
/// and its limited kin.
public struct Gate: Sendable, Hashable {
  /// May be infinite.
  public let low: Float
  public let high: Float

  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  /// max(x, 0)
  public static let rectifier = Gate(low: 0, high: .infinity)

  /// The nearest value within the bounds; NaN stays.
  @inline(__always)
  func callAsFunction(_ x: Float) -> Float {
    let raised = x < low ? low : x
    return raised > high ? high : raised
  }

  /// Whether the slope is 1 where the gate's value is `y`; it is 0 elsewhere.
  @inline(__always)
  func isOpen(at y: Float) -> Bool { y > low && y < high }
}

/// A scalar function that is a gate.
public protocol GatedFunction: ScalarFunction {
  var gate: Gate { get }
}

extension Rectifier: GatedFunction {
  public var gate: Gate { .rectifier }
}

/// A kernel that computes y = gate(x) element by element.
public protocol GateKernel: Kernel {
  var input: Operand { get }
  var output: Operand { get }
  var gate: Gate { get }
}

extension Map: GateKernel where F: GatedFunction {
  public var gate: Gate { function.gate }
}

/// A kernel that carries a cotangent back through a gate, looking at the gate's value.
public protocol GatePullbackKernel: Kernel {
  /// The gate's value; nil where the rule does not look at it.
  var gateValue: Operand? { get }
  var gate: Gate { get }
  var outputCotangent: Operand { get }
  var inputCotangent: Operand { get }
  var accumulates: Bool { get }
  /// The same with the value's place taken by a mask that `GateMask` made.
  func masked(by mask: Operand) -> MaskPullback
}

extension MapPullback: GatePullbackKernel where F: GatedFunction {
  public var gateValue: Operand? { F.slopeReads == .value ? subject : nil }
  public var gate: Gate { function.gate }

  public func masked(by mask: Operand) -> MaskPullback {
    MaskPullback(
      outputCotangent: outputCotangent, mask: mask, inputCotangent: inputCotangent, rule: .exact,
      accumulates: accumulates)
  }
}

extension RectifierPullback: GatePullbackKernel {
  public var gateValue: Operand? { rule == .deconvolution ? nil : output }
  public var gate: Gate { .rectifier }

  public func masked(by mask: Operand) -> MaskPullback {
    MaskPullback(
      outputCotangent: outputCotangent, mask: mask, inputCotangent: inputCotangent, rule: rule,
      accumulates: accumulates)
  }
}

/// One bit for each element: whether the gate that gave this value was open there. It takes a
/// thirty-second of the memory that the value does.
public struct GateMask: Kernel {
  /// The gate's value.
  public let value: Operand
  /// Of `Operand.Element.bit`, shaped as the value.
  public let mask: Operand
  public let gate: Gate

  public init(value: Operand, mask: Operand, gate: Gate) {
    self.value = value
    self.mask = mask
    self.gate = gate
  }

  public var reads: [Operand] { [value] }
  public var writes: [Operand] { [mask] }

  public func run(in memory: Memory) {
    let (y, bits) = (memory.read(value), memory.bits(mask))
    for start in stride(from: 0, to: value.count, by: 8) {
      var byte: UInt8 = 0
      for bit in 0..<min(8, value.count - start) where gate.isOpen(at: y[start + bit]) {
        byte |= 1 << UInt8(bit)
      }
      bits[start / 8] = byte
    }
  }
}

/// dx = dy where the mask has a bit, and under the guided rule where dy is positive too.
public struct MaskPullback: Kernel {
  public let outputCotangent: Operand
  public let mask: Operand
  public let inputCotangent: Operand
  /// Exact or guided; the third rule looks at no mask.
  public let rule: BackwardRule
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, mask: Operand, inputCotangent: Operand, rule: BackwardRule,
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.mask = mask
    self.inputCotangent = inputCotangent
    self.rule = rule
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, mask] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let bits = memory.bits(mask)
    for index in 0..<inputCotangent.count {
      let isOpen = bits[index >> 3] >> UInt8(index & 7) & 1 == 1
      let passed = isOpen && (rule == .exact || dy[index] > 0) ? dy[index] : 0
      dx[index] = accumulates ? dx[index] + passed : passed
    }
  }
}

extension GateMask: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let value = place(value), let mask = place(mask) else { return nil }
    return GateMask(value: value, mask: mask, gate: gate)
  }
}

extension MaskPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let dy = place(outputCotangent), let mask = place(mask), let dx = place(inputCotangent)
    else { return nil }
    return MaskPullback(
      outputCotangent: dy, mask: mask, inputCotangent: dx, rule: rule, accumulates: accumulates)
  }
}

import Kernels

extension Resize {
  /// One axis and what becomes of it.
  public struct Axis: Sendable, Hashable {
    public let axis: Int
    /// Elements afterwards.
    public let outputs: Int
    /// The length aimed at, of which `outputs` is what whole elements allow; its quotient by the
    /// extent before is the scale.
    public let length: Double
    /// Where `Coordinates.region` begins and ends, as fractions of the way from the first element to
    /// the last.
    public let start: Float
    public let end: Float

    public init(
      _ axis: Int, outputs: Int, length: Double? = nil, start: Float = 0, end: Float = 1
    ) {
      self.axis = axis
      self.outputs = outputs
      self.length = length ?? Double(outputs)
      self.start = start
      self.end = end
    }
  }

  /// How values between elements come about.
  public enum Interpolation: Sendable, Hashable {
    /// The element at the position, rounded.
    case nearest(Rounding)
    /// Along a straight line between neighbours.
    case linear
    /// By cubic convolution of four neighbours (Keys 1981) with its coefficient a, often −0.5 or
    /// −0.75.
    case cubic(Float)
  }

  /// Which of two neighbours is the nearest.
  public enum Rounding: Sendable, Hashable, CaseIterable {
    /// The closer one; the lower or the upper one of two equally close.
    case halvesDown, halvesUp
    case down, up
  }

  /// Where output number x of m lies between n inputs, with scale s = length / n.
  public enum Coordinates: Sendable, Hashable {
    /// (x + ½) / s − ½: pixels are squares, and the corners of the pictures agree.
    case halfPixel
    /// As `halfPixel`, with the centres of the pictures agreeing where the length is not whole.
    case centeredHalfPixel
    /// As `halfPixel`, but 0 for a single output.
    case halfPixelUnlessSingle
    /// (x + ½) / s
    case halfPixelUnshifted
    /// x·(n − 1) / (length − 1): the first and the last elements agree.
    case alignedCorners
    /// x / s
    case asymmetric
    /// From the axis's start to its end; outputs from outside the input are `outside`.
    case region(outside: Float)
  }
}

/// A resized axis of known extent: works out which inputs each output is made of.
struct ResizedAxis {
  let extent: Int
  let axis: Resize.Axis
  let interpolation: Resize.Interpolation
  let coordinates: Resize.Coordinates
  let isSmoothing: Bool
  let excludesOutside: Bool

  /// Whether each output is the input at its own position, whatever the coordinates say of it.
  var isIdentity: Bool {
    guard axis.outputs == extent, axis.length == Double(extent) else { return false }
    if case .region = coordinates { return axis.start == 0 && axis.end == 1 }
    return true
  }

  var taps: AxisTaps {
    AxisTaps(inputs: extent, outputs: axis.outputs) { output in
      // Sides of a border, and of the middle between neighbours, are told apart in the precision in
      // which other programs do it.
      let rounded: Float = position(of: output)
      if case .region(let outside) = coordinates,
        !(0...Float(extent - 1)).contains(rounded)
      {
        return ([], outside)
      }
      switch interpolation {
      case .nearest(let rounding):
        return ([AxisTaps.Tap(inside(rounding.apply(to: rounded)))], 0)
      case .linear:
        return (taps(around: position(of: output), support: 1) { max(0, 1 - $0) }, 0)
      case .cubic(let a):
        return (taps(around: position(of: output), support: 2) { Self.cubic($0, Double(a)) }, 0)
      }
    }
  }

  /// Where an output lies between the inputs.
  private func position<Real: BinaryFloatingPoint>(of output: Int) -> Real {
    let (x, n, length) = (Real(output), Real(extent), Real(axis.length))
    let scale = Real(axis.length / Double(extent))
    switch coordinates {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .centeredHalfPixel:
      return n / 2 * (1 - Real(axis.outputs) / length) + (x + 0.5) / scale - 0.5
    case .halfPixelUnlessSingle: return axis.outputs > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .halfPixelUnshifted: return (x + 0.5) / scale
    case .alignedCorners: return output == 0 ? 0 : x * (n - 1) / (length - 1)
    case .asymmetric: return x / scale
    case .region:
      let (start, end) = (Real(axis.start), Real(axis.end))
      guard axis.length > 1 else { return (start + end) / 2 * (n - 1) }
      return start * (n - 1) + x * (end - start) * (n - 1) / (length - 1)
    }
  }

  /// Inputs within the support of a kernel round a position, with weights that sum to 1. Those beyond
  /// an end stand for the outermost one, or are left out.
  private func taps(
    around position: Double, support: Double, kernel: (_ distance: Double) -> Double
  ) -> [AxisTaps.Tap] {
    // A wider kernel for a smaller picture leaves no element unseen.
    let stretch = isSmoothing ? min(axis.length / Double(extent), 1) : 1
    let reach = support / stretch
    var shares: [(source: Int, weight: Double)] = []
    for source in Int((position - reach).rounded(.down))...Int((position + reach).rounded(.up)) {
      let weight = kernel((Double(source) - position).magnitude * stretch)
      guard weight != 0, !excludesOutside || (0..<extent).contains(source) else { continue }
      let source = inside(Double(source))
      if shares.last?.source == source {
        shares[shares.count - 1].weight += weight
      } else {
        shares.append((source, weight))
      }
    }
    let sum = shares.reduce(0) { $0 + $1.weight }
    return shares.map { .init($0.source, weight: Float($0.weight / (sum == 0 ? 1 : sum))) }
  }

  private func inside(_ position: some BinaryFloatingPoint) -> Int {
    position <= 0 ? 0 : min(Int(position), extent - 1)
  }

  private static func cubic(_ x: Double, _ a: Double) -> Double {
    if x >= 2 { return 0 }
    return x <= 1
      ? ((a + 2) * x - (a + 3)) * x * x + 1
      : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }
}

extension Resize.Rounding {
  fileprivate func apply(to position: Float) -> Float {
    let below = position.rounded(.down)
    return switch self {
    case .down: below
    case .up: position.rounded(.up)
    case .halvesDown: position - below > 0.5 ? below + 1 : below
    case .halvesUp: position - below >= 0.5 ? below + 1 : below
    }
  }
}

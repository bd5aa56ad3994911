/// Round values along an axis: multiples of 1, 2 or 5 times a power of ten.
struct ChartTicks: Equatable {
  let values: [Double]
  let labels: [String]

  /// Ticks at the finest round step that cannot put more than `limit` of them into the range; at
  /// least 2 are always allowed. A range without a finite length has none, nor one
  /// that is too short for its numbers to be told apart.
  init(in range: ClosedRange<Double>, limit: Int) {
    let length = range.upperBound - range.lowerBound
    guard length > range.magnitude * 1e-12, length.isFinite else {
      values = []
      labels = []
      return
    }
    let step = Step(over: length, limit: max(limit, 2))
    // The slack lets a tick stand on the range's end in spite of rounding.
    let first = ((range.lowerBound / step.size) - 1e-9).rounded(.up)
    let last = ((range.upperBound / step.size) + 1e-9).rounded(.down)
    values = first <= last ? (0...Int(last - first)).map { step.multiple(first + Double($0)) } : []
    labels = values.map { step.label($0, largest: range.magnitude) }
  }

  /// The ends of a range, with three significant digits of the larger one, and zero where it lies
  /// between them. An endless range, or one of no length, has none.
  init(endsOf range: ClosedRange<Double>) {
    let length = range.upperBound - range.lowerBound
    guard length > range.magnitude * 1e-12, length.isFinite else {
      values = []
      labels = []
      return
    }
    let inner = range.lowerBound < 0 && range.upperBound > 0 ? [0.0] : []
    let step = Step(digits: 3, of: range.magnitude)
    values = [range.lowerBound] + inner + [range.upperBound]
    labels = values.map { $0 == 0 ? "0" : step.label($0, largest: range.magnitude) }
  }

  /// The range widened to whole steps, as the ticks for `limit` would ask for.
  static func widened(_ range: ClosedRange<Double>, limit: Int) -> ClosedRange<Double> {
    let length = range.upperBound - range.lowerBound
    guard length > 0, length.isFinite else { return range }
    let step = Step(over: length, limit: max(limit, 2))
    let low = step.multiple((range.lowerBound / step.size + 1e-9).rounded(.down))
    let high = step.multiple((range.upperBound / step.size - 1e-9).rounded(.up))
    return min(low, range.lowerBound)...max(high, range.upperBound)
  }

  /// `mantissa · 10^exponent`.
  private struct Step {
    var mantissa: Double
    var exponent: Int

    init(over length: Double, limit: Int) {
      mantissa = 1
      exponent = 0
      let smallest = length / Double(limit - 1) * (1 - 1e-9)
      while power > smallest, exponent > -300 { exponent -= 1 }
      while power * 10 <= smallest, exponent < 300 { exponent += 1 }
      mantissa = [1, 2, 5].first { $0 * power >= smallest } ?? 10
      if mantissa == 10 {
        mantissa = 1
        exponent += 1
      }
    }

    /// The place of a number's last digit, when it has so many.
    init(digits: Int, of number: Double) {
      mantissa = 1
      exponent = 0
      while power > number, exponent > -300 { exponent -= 1 }
      while power * 10 <= number, exponent < 300 { exponent += 1 }
      exponent -= digits - 1
    }

    private var power: Double { Self.power(of: exponent) }

    var size: Double { mantissa * power }

    /// Divides by whole powers of ten, so that 3 · 0.1 is the number written 0.3.
    func multiple(_ count: Double) -> Double {
      exponent < 0 ? count * mantissa / Self.power(of: -exponent) : count * mantissa * power
    }

    func label(_ value: Double, largest: Double) -> String {
      if largest >= 1e6 || exponent < -4 {
        guard value != 0 else { return "0" }
        // All ticks share the power of the largest, and show the digits that tell them apart.
        var shared = exponent
        while Self.power(of: shared + 1) <= largest * (1 + 1e-9) { shared += 1 }
        let scaled =
          shared < 0 ? value * Self.power(of: -shared) : value / Self.power(of: shared)
        let raised = "\(shared)".map { Self.raised[$0] ?? $0 }
        return decimal(scaled, places: shared - exponent) + "·10" + String(raised)
      }
      return decimal(value, places: max(-exponent, 0))
    }

    private static let raised: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷",
      "8": "⁸", "9": "⁹",
    ]

    private static func power(of exponent: Int) -> Double {
      let size = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
      return exponent < 0 ? 1 / size : size
    }
  }
}

/// A number with a fixed count of decimal places, 0...15, and a true minus sign.
///
/// Numbers too large for that are written as Swift does.
func decimal(_ value: Double, places: Int) -> String {
  let scale = (0..<min(max(places, 0), 15)).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = (abs(value) * scale).rounded()
  guard scaled < 1e15 else { return "\(value)".replacingMinus }
  let digits = Int(scaled)
  let sign = value < 0 && digits != 0 ? "−" : ""
  guard places > 0 else { return sign + "\(digits)" }
  let whole = digits / Int(scale)
  let rest = "\(digits % Int(scale))"
  let zeros = String(repeating: "0", count: min(places, 15) - rest.count)
  return sign + "\(whole)." + zeros + rest
}

extension String {
  fileprivate var replacingMinus: String { String(map { $0 == "-" ? "−" : $0 }) }
}

extension ClosedRange<Double> {
  fileprivate var magnitude: Double { Swift.max(abs(lowerBound), abs(upperBound)) }
}

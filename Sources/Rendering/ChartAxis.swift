/// One axis of a chart: what it is called and what it counts.
public struct ChartAxis: Sendable, Hashable {
  /// What stands along the axis.
  public enum Scale: Sendable, Hashable {
    /// Numbers, over a range that fits the data and ends at ticks.
    case automatic
    /// Numbers, over a given range.
    case fixed(ClosedRange<Double>)
    /// Names; the nth lies about n + ½, from left to right or from top to bottom.
    case categories([String])
  }

  /// Name and unit of what is counted.
  public var label: String
  /// What stands along the axis.
  public var scale: Scale

  /// An axis of numbers whose range fits the data, unless told otherwise.
  public init(_ label: String = "", scale: Scale = .automatic) {
    self.label = label
    self.scale = scale
  }

  /// An axis with names.
  public static func categories(_ names: [String], label: String = "") -> ChartAxis {
    ChartAxis(label, scale: .categories(names))
  }

  /// What `Chart` draws along the axis.
  struct Marks {
    var range: ClosedRange<Double>
    var values: [Double]
    var labels: [String]
    var isCategorical: Bool
  }

  /// The marks for data over `extent`, at most about `limit` of them for numbers.
  func marks(for extent: ClosedRange<Double>?, limit: Int) -> Marks {
    switch scale {
    case .categories(let names):
      return Marks(
        range: 0...Double(max(names.count, 1)),
        values: names.indices.map { Double($0) + 0.5 },
        labels: names,
        isCategorical: true
      )
    case .fixed(let range):
      return Self.numbers(Self.opened(range), limit: limit)
    case .automatic:
      return Self.numbers(
        ChartTicks.widened(Self.opened(extent ?? 0...1), limit: limit),
        limit: limit
      )
    }
  }

  private static func numbers(_ range: ClosedRange<Double>, limit: Int) -> Marks {
    let ticks = ChartTicks(in: range, limit: limit)
    return Marks(range: range, values: ticks.values, labels: ticks.labels, isCategorical: false)
  }

  /// A range of some length about a single value, or values that differ by rounding alone.
  private static func opened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    let magnitude = max(abs(range.lowerBound), abs(range.upperBound))
    guard range.upperBound - range.lowerBound <= magnitude * 1e-12 else { return range }
    let reach = max(magnitude / 2, 0.5)
    return (range.lowerBound - reach)...(range.upperBound + reach)
  }
}

/// Something drawn between the axes of a chart.
public struct ChartSeries: Sendable {
  /// A rectangle from zero up to `height`, in data units.
  public struct Bar: Sendable, Hashable {
    /// Where the bar stands on the horizontal axis.
    public var range: ClosedRange<Double>
    /// How far it reaches from zero.
    public var height: Double

    /// A bar in data units.
    public init(range: ClosedRange<Double>, height: Double) {
      self.range = range
      self.height = height
    }
  }

  /// How the data are shown; positions are in data units.
  public enum Mark: Sendable {
    /// A line through the points; a point that is not finite interrupts it.
    case line([Point], width: Double, dash: [Double])
    /// A dot at every finite point.
    case dots([Point], radius: Double)
    /// Bars from zero.
    case bars([Bar])
    /// Cells; the axes hold the names of its columns and rows.
    case matrix(Matrix)
  }

  /// Cells with colours, and with their values where there is room.
  public struct Matrix: Sendable {
    /// Rows from top to bottom, all of one length.
    public var values: [[Double]]
    /// What is written into the cells; empty strings leave a cell bare.
    public var labels: [[String]]
    /// Where the colours are from.
    public var colorMap: ColorMap
    /// The value that takes the colour map's upper end; for a diverging map its negative takes the
    /// lower end, otherwise zero does.
    public var scale: Double

    /// Traps unless the rows are equally long and not empty.
    public init(
      values: [[Double]],
      labels: [[String]],
      colorMap: ColorMap = .blues,
      scale: Double? = nil
    ) {
      let columns = values.first?.count ?? 0
      precondition(
        columns > 0 && values.allSatisfy { $0.count == columns }
          && labels.map(\.count) == values.map(\.count),
        "a matrix needs equally long rows of values and as many labels"
      )
      self.values = values
      self.labels = labels
      self.colorMap = colorMap
      let finite = values.joined().filter(\.isFinite)
      self.scale = scale ?? finite.reduce(0) { max($0, abs($1)) }
    }
  }

  /// Shown in the legend unless empty.
  public var name: String
  /// Nil takes the next colour of `Chart.palette`.
  public var color: Color?
  /// What is drawn.
  public var mark: Mark

  /// A series of any kind.
  public init(name: String = "", color: Color? = nil, mark: Mark) {
    self.name = name
    self.color = color
    self.mark = mark
  }

  /// A line through points in data units.
  public static func line(
    _ name: String = "",
    _ points: [Point],
    color: Color? = nil,
    width: Double = 1.8,
    dash: [Double] = []
  ) -> ChartSeries {
    ChartSeries(name: name, color: color, mark: .line(points, width: width, dash: dash))
  }

  /// Dots at points in data units.
  public static func scatter(
    _ name: String = "",
    _ points: [Point],
    color: Color? = nil,
    radius: Double = 2.8
  ) -> ChartSeries {
    ChartSeries(name: name, color: color, mark: .dots(points, radius: radius))
  }

  /// A bar per bin, as high as its count.
  public static func histogram(
    _ name: String = "",
    _ histogram: Histogram,
    color: Color? = nil
  ) -> ChartSeries {
    let bars = histogram.counts.indices.map { index in
      Bar(range: histogram.range(ofBin: index), height: Double(histogram.counts[index]))
    }
    return ChartSeries(name: name, color: color, mark: .bars(bars))
  }
}

/// How many values fall into each of some equally wide bins.
public struct Histogram: Sendable, Hashable {
  /// From the lower end of the first bin to the upper end of the last.
  public let range: ClosedRange<Double>
  /// One count per bin, from low to high.
  public let counts: [Int]

  /// Counts the values within the range, by default that of the finite values.
  ///
  /// A bin holds its lower end, the last one its upper end too. Values outside and those not finite
  /// are not counted. Traps below one bin.
  public init(of values: [Double], bins: Int, over range: ClosedRange<Double>? = nil) {
    precondition(bins >= 1, "a histogram needs 1 bin or more, got \(bins)")
    let finite = values.filter(\.isFinite)
    let low = range?.lowerBound ?? finite.min() ?? 0
    let high = range?.upperBound ?? finite.max() ?? 1
    // A single value gets bins of some width about it.
    self.range = low < high ? low...high : (low - 0.5)...(low + 0.5)
    var counts = Array(repeating: 0, count: bins)
    for value in finite where self.range.contains(value) {
      let share = (value - self.range.lowerBound) / (self.range.upperBound - self.range.lowerBound)
      counts[min(Int(share * Double(bins)), bins - 1)] += 1
    }
    self.counts = counts
  }

  /// The interval that a bin covers.
  public func range(ofBin index: Int) -> ClosedRange<Double> {
    let width = (range.upperBound - range.lowerBound) / Double(counts.count)
    let low = range.lowerBound + width * Double(index)
    return low...max(low, range.lowerBound + width * Double(index + 1))
  }
}

/// The part of a chart between its axes: where it lies, and how data become positions.
struct Plot {
  let chart: Chart
  let rect: Rect
  private let x: ChartAxis.Marks
  private let y: ChartAxis.Marks
  /// Column names stand upright where they would overlap side by side.
  private let hasUprightNames: Bool

  private static let tickLength = 4.0
  private static let longestName = 120.0

  /// Fits axes, labels and colour bar of a chart into an area.
  init(_ chart: Chart, in area: Rect) {
    let style = chart.textStyle
    let extent = Extent(of: chart.series)
    var y = chart.y.marks(for: extent.y, limit: Int(area.height / 45))
    var x = chart.x.marks(for: extent.x, limit: Int(area.width / 75))

    let axisLabel = style.lineHeight
    let nameWidth = { (marks: ChartAxis.Marks) in
      min(marks.labels.map { style.width(of: $0) }.max() ?? 0, Self.longestName)
    }
    let left = nameWidth(y) + Self.tickLength + 3 + (chart.y.label.isEmpty ? 0 : axisLabel + 2)
    var right = 8.0
    if let bar = chart.colorBar {
      right = 14 + bar.width(height: area.height, textSize: chart.textSize)
    } else if !x.isCategorical {
      // Half the last label may stand out.
      right = max(right, (x.labels.last.map { style.width(of: $0) } ?? 0) / 2)
    }
    let column = (area.width - left - right) / Double(max(x.labels.count, 1))
    hasUprightNames = x.isCategorical && nameWidth(x) > column - 6
    let bottom =
      Self.tickLength + 3 + (hasUprightNames ? nameWidth(x) : style.lineHeight)
      + (chart.x.label.isEmpty ? 0 : axisLabel)
    var rect = area.inset(left: left, top: 6, right: right, bottom: bottom)
    if x.isCategorical, y.isCategorical {
      // The cells of a matrix are squares.
      let cell = min(rect.width / x.range.upperBound, rect.height / y.range.upperBound)
      rect.width = cell * x.range.upperBound
      rect.height = cell * y.range.upperBound
    }
    if chart.hasEqualUnits, !x.isCategorical, !y.isCategorical, rect.width > 0, rect.height > 0 {
      let unit = max(x.range.length / rect.width, y.range.length / rect.height)
      x = ChartAxis(scale: .fixed(x.range.widened(to: unit * rect.width)))
        .marks(for: nil, limit: Int(area.width / 75))
      y = ChartAxis(scale: .fixed(y.range.widened(to: unit * rect.height)))
        .marks(for: nil, limit: Int(area.height / 45))
    }
    self.x = x
    self.y = y
    // Whole units keep lines sharp on a raster.
    self.rect = Rect(
      x: rect.x.rounded(),
      y: rect.y.rounded(),
      width: rect.width.rounded(.down),
      height: rect.height.rounded(.down)
    )
    self.chart = chart
  }

  private func x(_ value: Double) -> Double {
    rect.x + (value - x.range.lowerBound) / (x.range.upperBound - x.range.lowerBound) * rect.width
  }

  /// Numbers go upwards, names downwards.
  private func y(_ value: Double) -> Double {
    let share = (value - y.range.lowerBound) / (y.range.upperBound - y.range.lowerBound)
    return y.isCategorical ? rect.y + share * rect.height : rect.maxY - share * rect.height
  }

  private func position(_ point: Point) -> Point { Point(x: x(point.x), y: y(point.y)) }

  // MARK: - Axes

  func drawGrid(on canvas: inout some Canvas) {
    for value in x.values where !x.isCategorical {
      let x = Self.sharp(x(value))
      canvas.stroke(
        .line(from: Point(x: x, y: rect.y), to: Point(x: x, y: rect.maxY)),
        with: Chart.gridColor
      )
    }
    for value in y.values where !y.isCategorical {
      let y = Self.sharp(y(value))
      canvas.stroke(
        .line(from: Point(x: rect.x, y: y), to: Point(x: rect.maxX, y: y)),
        with: Chart.gridColor
      )
    }
  }

  func drawAxes(on canvas: inout some Canvas) {
    let left = Self.sharp(rect.x)
    let foot = Self.sharp(rect.maxY)
    let axes = Path.polyline([
      Point(x: left, y: rect.y), Point(x: left, y: foot), Point(x: rect.maxX + 0.5, y: foot),
    ])
    canvas.stroke(axes, with: Chart.axisColor)

    var style = chart.textStyle
    style.alignment = .center
    style.baseline = hasUprightNames ? .middle : .top
    if hasUprightNames {
      style.direction = .upwards
      style.alignment = .trailing
    }
    for (value, label) in zip(x.values, x.labels) {
      let x = Self.sharp(x(value))
      if !self.x.isCategorical {
        canvas.stroke(
          .line(from: Point(x: x, y: foot), to: Point(x: x, y: foot + Self.tickLength)),
          with: Chart.axisColor
        )
      }
      canvas.draw(
        style.elided(label, toWidth: Self.longestName),
        at: Point(x: x, y: foot + Self.tickLength + 4),
        style: style
      )
    }

    style = chart.textStyle
    style.alignment = .trailing
    style.baseline = .middle
    for (value, label) in zip(y.values, y.labels) {
      let y = Self.sharp(y(value))
      if !self.y.isCategorical {
        canvas.stroke(
          .line(from: Point(x: left - Self.tickLength, y: y), to: Point(x: left, y: y)),
          with: Chart.axisColor
        )
      }
      canvas.draw(
        style.elided(label, toWidth: Self.longestName),
        at: Point(x: left - Self.tickLength - 2, y: y),
        style: style
      )
    }
    drawAxisLabels(on: &canvas)
  }

  private func drawAxisLabels(on canvas: inout some Canvas) {
    var style = chart.textStyle
    style.alignment = .center
    let names = x.labels.map { style.width(of: $0) }.max() ?? 0
    let ticks = hasUprightNames ? min(names, Self.longestName) : style.lineHeight
    style.baseline = .top
    canvas.draw(
      style.elided(chart.x.label, toWidth: rect.width + 40),
      at: Point(x: rect.center.x, y: rect.maxY + Self.tickLength + 5 + ticks),
      style: style
    )
    let width = min(y.labels.map { style.width(of: $0) }.max() ?? 0, Self.longestName)
    style.direction = .upwards
    style.baseline = .bottom
    canvas.draw(
      style.elided(chart.y.label, toWidth: rect.height + 20),
      at: Point(x: rect.x - Self.tickLength - 6 - width, y: rect.center.y),
      style: style
    )
  }

  /// The middle of the pixel that a position falls into, or the one before a border.
  private static func sharp(_ position: Double) -> Double { position.rounded() - 0.5 }

  // MARK: - Data

  func draw(_ series: ChartSeries, color: Color, on canvas: inout some Canvas) {
    switch series.mark {
    case .line(let points, let width, let dash):
      let style = StrokeStyle(width: width, join: .round, dash: dash)
      for run in points.split(whereSeparator: { !$0.isFinite }) {
        canvas.stroke(.polyline(run.map(position)), with: color, style: style)
      }
    case .dots(let points, let radius):
      for point in points where point.isFinite {
        canvas.fill(.circle(center: position(point), radius: radius), with: color.faded(to: 0.75))
      }
    case .bars(let bars):
      for bar in bars where bar.height.isFinite {
        let (left, right) = (x(bar.range.lowerBound), x(bar.range.upperBound))
        let (foot, head) = (y(0), y(bar.height))
        // A gap of one unit sets neighbours apart, unless nothing would be left.
        let gap = right - left > 3 ? 1.0 : 0
        let box = Rect(
          x: left + gap / 2,
          y: min(foot, head),
          width: max(right - left - gap, 0),
          height: abs(foot - head)
        )
        canvas.fill(.rectangle(box), with: color.faded(to: 0.85))
      }
    case .matrix(let matrix):
      draw(matrix, on: &canvas)
    }
  }

  private func draw(_ matrix: ChartSeries.Matrix, on canvas: inout some Canvas) {
    for (row, values) in matrix.values.enumerated() {
      for (column, value) in values.enumerated() {
        // Borders on whole units leave no seams.
        let left = x(Double(column)).rounded()
        let top = y(Double(row)).rounded()
        let cell = Rect(
          x: left,
          y: top,
          width: x(Double(column + 1)).rounded() - left,
          height: y(Double(row + 1)).rounded() - top
        )
        let ratio = matrix.scale > 0 ? Float(value / matrix.scale) : 0
        let color = value.isFinite ? matrix.colorMap.color(at: ratio) : Chart.gridColor
        canvas.fill(.rectangle(cell), with: color)
        var style = TextStyle(size: chart.textSize, alignment: .center, baseline: .middle)
        let label = matrix.labels[row][column]
        let room = cell.width - 4
        if style.width(of: label) > room { style.size *= room / style.width(of: label) }
        guard style.size >= 8, style.size < cell.height, !label.isEmpty else { continue }
        style.color = PerceptualColor(color).lightness > 0.65 ? Chart.textColor : .white
        canvas.draw(label, at: cell.center, style: style)
      }
    }
  }

  /// The ranges of all data, nil where there are none.
  private struct Extent {
    var x: ClosedRange<Double>?
    var y: ClosedRange<Double>?

    init(of series: [ChartSeries]) {
      for series in series {
        switch series.mark {
        case .line(let points, _, _), .dots(let points, _):
          for point in points where point.isFinite { include(point) }
        case .bars(let bars):
          for bar in bars where bar.height.isFinite {
            include(Point(x: bar.range.lowerBound, y: 0))
            include(Point(x: bar.range.upperBound, y: bar.height))
          }
        case .matrix(let matrix):
          include(Point(x: 0, y: 0))
          include(Point(x: Double(matrix.values[0].count), y: Double(matrix.values.count)))
        }
      }
    }

    private mutating func include(_ point: Point) {
      x = min(x?.lowerBound ?? point.x, point.x)...max(x?.upperBound ?? point.x, point.x)
      y = min(y?.lowerBound ?? point.y, point.y)...max(y?.upperBound ?? point.y, point.y)
    }
  }
}

extension ClosedRange<Double> {
  fileprivate var length: Double { upperBound - lowerBound }

  /// The range about the same middle, at least as long.
  fileprivate func widened(to length: Double) -> ClosedRange<Double> {
    let reach = Swift.max(0, length - self.length) / 2
    return lowerBound - reach...upperBound + reach
  }
}

extension Point {
  fileprivate var isFinite: Bool { x.isFinite && y.isFinite }
}

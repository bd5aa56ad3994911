public import Imaging

/// A picture with axes: lines, dots, bars or a matrix between a horizontal and a vertical scale.
///
/// The look is that of a figure on paper: white ground, thin gray grid, the legend above the plot
/// where it hides nothing. All sizes are in canvas units and do not grow with the chart.
public struct Chart: Sendable {
  /// What the chart shows; empty for no line of its own.
  public var title: String
  /// The horizontal axis.
  public var x: ChartAxis
  /// The vertical axis.
  public var y: ChartAxis
  /// Drawn in this order, the last on top.
  public var series: [ChartSeries]
  /// Drawn to the right of the plot.
  public var colorBar: ChartColorBar?
  /// Whether a unit is as long across as upwards, so that angles are what they are: one of the ranges is
  /// then widened. For axes of numbers.
  public var hasEqualUnits: Bool
  /// Size of the text along the axes; the title is a little larger.
  public var textSize: Double

  /// A chart of some series; data of any kind are drawn as far as they can be.
  public init(
    title: String = "",
    x: ChartAxis = ChartAxis(),
    y: ChartAxis = ChartAxis(),
    series: [ChartSeries],
    colorBar: ChartColorBar? = nil,
    hasEqualUnits: Bool = false,
    textSize: Double = 12
  ) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
    self.colorBar = colorBar
    self.hasEqualUnits = hasEqualUnits
    self.textSize = textSize
  }

  /// Colours for series without one of their own: apart in lightness as well as in hue.
  public static let palette: [Color] = [
    0x2F6DB5, 0xE07B28, 0x2A9D6E, 0xC23B4B, 0x7F57B0, 0x35A7BD, 0x8C6D46, 0x6B7280,
  ].map(Color.init(hex:))

  static let textColor = Color(gray: 45)
  static let axisColor = Color(gray: 90)
  static let gridColor = Color(gray: 228)

  /// The chart as a picture on white.
  public func rendered(size: PixelSize) -> Bitmap {
    var canvas = RasterCanvas(size: size)
    draw(on: &canvas, in: canvas.bounds)
    return canvas.bitmap
  }

  /// Draws the chart within a rectangle, whose ground is left as it is.
  ///
  /// A rectangle too small for the texts leaves the plot empty, but nothing is drawn outside.
  public func draw(on canvas: inout some Canvas, in rect: Rect) {
    canvas.clipped(to: rect) { canvas in
      var area = rect.inset(by: 10)
      drawTitle(on: &canvas, area: &area)
      drawLegend(on: &canvas, area: &area)
      let plot = Plot(self, in: area)
      guard plot.rect.width >= 1, plot.rect.height >= 1 else { return }
      plot.drawGrid(on: &canvas)
      canvas.clipped(to: plot.rect.inset(by: -1)) { canvas in
        for (index, series) in series.enumerated() {
          plot.draw(series, color: color(of: index), on: &canvas)
        }
      }
      plot.drawAxes(on: &canvas)
      if let colorBar {
        let bar = Rect(
          x: plot.rect.maxX + 14,
          y: plot.rect.y,
          width: 0,
          height: plot.rect.height
        )
        colorBar.draw(on: &canvas, in: bar, textSize: textSize)
      }
    }
  }

  var textStyle: TextStyle { TextStyle(size: textSize, color: Self.textColor) }

  private func color(of index: Int) -> Color {
    series[index].color ?? Self.palette[index % Self.palette.count]
  }

  private func drawTitle(on canvas: inout some Canvas, area: inout Rect) {
    guard !title.isEmpty else { return }
    let style = TextStyle(
      size: textSize + 2,
      color: Self.textColor,
      weight: .bold,
      baseline: .top
    )
    canvas.draw(
      style.elided(title, toWidth: area.width),
      at: Point(x: area.x, y: area.y),
      style: style
    )
    area = area.inset(top: style.lineHeight + 2)
  }

  /// Names with a sample of their mark, in as many lines as they need.
  private func drawLegend(on canvas: inout some Canvas, area: inout Rect) {
    var style = textStyle
    style.baseline = .middle
    let sample = 18.0
    var x = area.x
    var lines = 0.0
    for (index, series) in series.enumerated() where !series.name.isEmpty {
      let width = sample + 5 + style.width(of: series.name)
      if lines == 0 { lines = 1 }
      if x > area.x, x + width > area.maxX {
        x = area.x
        lines += 1
      }
      let y = area.y + (lines - 0.5) * style.lineHeight
      let color = color(of: index)
      switch series.mark {
      case .line(_, let width, let dash):
        canvas.stroke(
          .line(from: Point(x: x, y: y), to: Point(x: x + sample, y: y)),
          with: color,
          style: StrokeStyle(width: width, dash: dash)
        )
      case .dots(_, let radius):
        canvas.fill(.circle(center: Point(x: x + sample / 2, y: y), radius: radius), with: color)
      case .bars, .matrix:
        let box = Rect(x: x + sample - 10, y: y - 5, width: 10, height: 10)
        canvas.fill(.rectangle(box), with: color)
      }
      canvas.draw(series.name, at: Point(x: x + sample + 5, y: y), style: style)
      x += width + 16
    }
    area = area.inset(top: lines * style.lineHeight + (lines > 0 ? 6 : 0))
  }
}

// MARK: - Kinds of chart

extension Chart {
  /// Counts of predictions for pictures of each class: rows are true classes, columns predicted.
  ///
  /// A cell shows its count and is coloured by its share of its row. Traps unless there are as many
  /// rows and columns as class names.
  public static func confusionMatrix(
    _ counts: [[Int]],
    classes: [String],
    title: String = ""
  ) -> Chart {
    precondition(
      counts.count == classes.count && counts.allSatisfy { $0.count == classes.count },
      "a confusion matrix of \(classes.count) classes needs as many rows and columns"
    )
    let shares = counts.map { row in
      let total = Double(max(row.reduce(0, +), 1))
      return row.map { Double($0) / total }
    }
    let matrix = ChartSeries.Matrix(
      values: shares,
      labels: counts.map { $0.map(String.init) },
      scale: 1
    )
    return Chart(
      title: title,
      x: .categories(classes, label: "predicted class"),
      y: .categories(classes, label: "true class"),
      series: [ChartSeries(mark: .matrix(matrix))],
      colorBar: ChartColorBar(colorMap: .blues, range: 0...1, label: "share of the true class")
    )
  }

  /// A matrix of numbers with `places` decimals and a colour bar.
  ///
  /// Numbers are written where there is room; cells without a finite one are gray and bare. Traps
  /// unless there are as many rows and columns as names for them.
  public static func matrix(
    _ values: [[Double?]],
    rows: [String],
    columns: [String],
    title: String = "",
    colorMap: ColorMap = .blues,
    places: Int = 2,
    label: String = ""
  ) -> Chart {
    precondition(
      values.count == rows.count && values.allSatisfy { $0.count == columns.count },
      "a matrix needs a name for every row and column"
    )
    let values = values.map { $0.map { $0 ?? .nan } }
    let labels = values.map { $0.map { $0.isFinite ? decimal($0, places: places) : "" } }
    let matrix = ChartSeries.Matrix(values: values, labels: labels, colorMap: colorMap)
    let low = colorMap.kind == .diverging ? -matrix.scale : 0
    return Chart(
      title: title,
      x: .categories(columns),
      y: .categories(rows),
      series: [ChartSeries(mark: .matrix(matrix))],
      colorBar: ChartColorBar(colorMap: colorMap, range: low...matrix.scale, label: label)
    )
  }

  /// A number for each ordered pair of classes, such as the median distance to where the decision
  /// flips from the row's class to the column's.
  ///
  /// Three significant digits of the largest are written where there is room; pairs without a finite
  /// number are gray. Traps unless there are as many rows and columns as class names.
  public static func classPairs(
    _ values: [[Double?]],
    classes: [String],
    title: String = "",
    label: String = ""
  ) -> Chart {
    let largest = values.joined().reduce(0) { largest, value in
      value.map { $0.isFinite ? max(largest, abs($0)) : largest } ?? largest
    }
    var places = 2
    // Up to 0.000999 may be written with six places.
    var head = largest
    while head > 0, head < 0.9995, places < 6 {
      head *= 10
      places += 1
    }
    while head >= 9.995, places > 0 {
      head /= 10
      places -= 1
    }
    var chart = matrix(
      values, rows: classes, columns: classes, title: title, places: places, label: label)
    chart.x.label = "to class"
    chart.y.label = "from class"
    return chart
  }
}

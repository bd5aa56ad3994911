/// A strip that tells which colour stands for which value.
public struct ChartColorBar: Sendable, Hashable {
  /// The colours, from foot to head.
  public var colorMap: ColorMap
  /// The values at the lower and the upper end.
  public var range: ClosedRange<Double>
  /// What the values are, with their unit.
  public var label: String

  /// The bar of a colour map over a range of values.
  public init(colorMap: ColorMap, range: ClosedRange<Double>, label: String = "") {
    self.colorMap = colorMap
    self.range = range
    self.label = label
  }

  /// The bar of a normalised map, in the map's raw units.
  public init(colorMap: ColorMap, normalization: MapNormalization, label: String = "") {
    let scale = Double(normalization.scale)
    self.init(
      colorMap: colorMap,
      range: (normalization.range == .symmetric ? -scale : 0)...scale,
      label: label
    )
  }

  private static let barWidth = 12.0

  /// The width it takes beside a plot of this height.
  func width(height: Double, textSize: Double) -> Double {
    let style = TextStyle(size: textSize)
    let labels = ticks(height: height).labels.map { style.width(of: $0) }.max() ?? 0
    return Self.barWidth + 8 + labels + (label.isEmpty ? 0 : style.lineHeight)
  }

  private func ticks(height: Double) -> ChartTicks {
    ChartTicks(in: range, limit: Int(height / 30))
  }

  /// Draws the bar upright at the left of `rect`, over its whole height.
  public func draw(on canvas: inout some Canvas, in rect: Rect, textSize: Double = 12) {
    let count = colorMap.colors.count
    for (index, color) in colorMap.colors.enumerated().reversed() {
      // From the top each colour reaches to the foot, so that no seams show between them.
      let top = rect.y + rect.height * Double(count - 1 - index) / Double(count)
      let strip = Rect(x: rect.x, y: top, width: Self.barWidth, height: rect.maxY - top)
      canvas.fill(.rectangle(strip), with: color)
    }
    canvas.stroke(
      .rectangle(Rect(x: rect.x, y: rect.y, width: Self.barWidth, height: rect.height)),
      with: Chart.axisColor,
      width: 1
    )

    let ticks = ticks(height: rect.height)
    let style = TextStyle(size: textSize, color: Chart.textColor, baseline: .middle)
    let length = range.upperBound - range.lowerBound
    for (value, text) in zip(ticks.values, ticks.labels) {
      let share = length > 0 ? (value - range.lowerBound) / length : 0.5
      let y = rect.maxY - share * rect.height
      let x = rect.x + Self.barWidth
      canvas.stroke(
        .line(from: Point(x: x, y: y), to: Point(x: x + 3, y: y)),
        with: Chart.axisColor
      )
      canvas.draw(text, at: Point(x: x + 5, y: y), style: style)
    }
    guard !label.isEmpty else { return }
    var upwards = style
    upwards.alignment = .center
    upwards.direction = .upwards
    let x = rect.x + width(height: rect.height, textSize: textSize) - style.lineHeight / 2
    canvas.draw(label, at: Point(x: x, y: rect.center.y), style: upwards)
  }
}

public import Imaging

extension Drawing {
  /// The drawing in a style.
  ///
  /// Figures have a title, a bar of colours with the raw values that they stand for, and beneath what
  /// a reader must know. Pictures in figures are enlarged by a whole factor where they are tiny, and
  /// shrunk where a side is beyond 2048 pixels.
  ///
  /// - Parameters:
  ///   - title: what was explained, and by which method.
  ///   - notes: sentences beneath a figure, before those about the drawing itself.
  public func bitmap(_ style: DrawingStyle, title: String, notes: [String] = []) -> Bitmap {
    switch style {
    case .overlay: overlay
    case .map: map
    case .figure: figure([overlay], title: title, notes: notes)
    case .sideBySide: figure([picture.opaqueRGB, overlay], title: title, notes: notes)
    }
  }

  private func figure(_ pictures: [Bitmap], title: String, notes: [String]) -> Bitmap {
    let panels = pictures.map(Self.legible)
    let panel = panels[0].size
    let unit = min(max(Double(min(panel.width, panel.height)) / 26, 12), 40).rounded()
    let gap = (unit * 0.75).rounded()
    let width = Double(panels.count * panel.width) + Double(panels.count - 1) * gap
    let content = max(width, 20 * unit)

    let titleStyle = TextStyle(
      size: unit * 1.2, color: Self.ink, weight: .bold, baseline: .middle)
    let noteStyle = TextStyle(size: unit, color: Self.paleInk, baseline: .middle)
    let titles = titleStyle.wrapped(title, toWidth: content, limit: 3)
    let bar = normalization.status == .normal ? LegendBar(of: self, unit: unit) : nil
    // The notes stand beside the bar where there is room for a line worth reading.
    let barWidth = bar.map { min($0.width, content) } ?? 0
    let isBeside = content - barWidth > 24 * unit
    let notesLeft = bar != nil && isBeside ? barWidth + 2 * unit : 0
    let lines = (notes + remarks).flatMap {
      noteStyle.wrapped($0, toWidth: content - notesLeft, limit: 4)
    }
    let notesHeight = Double(lines.count) * noteStyle.lineHeight
    let barHeight = bar?.height ?? 0
    let feet =
      isBeside || bar == nil ? max(barHeight, notesHeight) : barHeight + notesHeight + gap

    let top = unit + Double(titles.count) * titleStyle.lineHeight + gap
    let below = top + Double(panel.height) + gap
    var canvas = RasterCanvas(
      size: PixelSize(
        width: Int((content + 2 * unit).rounded(.up)),
        height: Int((below + feet + unit).rounded(.up))))
    for (index, line) in titles.enumerated() {
      let y = unit + (Double(index) + 0.5) * titleStyle.lineHeight
      canvas.draw(line, at: Point(x: unit, y: y), style: titleStyle)
    }
    for (index, picture) in panels.enumerated() {
      let x = unit + Double(index) * (Double(panel.width) + gap)
      canvas.draw(
        picture,
        in: Rect(
          x: x.rounded(), y: top.rounded(), width: Double(panel.width),
          height: Double(panel.height)))
    }
    bar?.draw(on: &canvas, at: Point(x: unit, y: below), width: barWidth)
    let notesTop = isBeside || bar == nil ? below : below + barHeight + gap
    for (index, line) in lines.enumerated() {
      let y = notesTop + (Double(index) + 0.5) * noteStyle.lineHeight
      canvas.draw(line, at: Point(x: unit + notesLeft, y: y), style: noteStyle)
    }
    return canvas.bitmap
  }

  private static let ink = Color(gray: 35)
  private static let paleInk = Color(gray: 90)

  /// A picture whose pixels can be seen, and which fits a page.
  private static func legible(_ picture: Bitmap) -> Bitmap {
    let longest = max(picture.width, picture.height)
    if longest > 2048 {
      let scale = 2048 / Double(longest)
      func side(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
      return picture.resized(
        to: PixelSize(width: side(picture.width), height: side(picture.height)))
    }
    let factor = max(256 / longest, 1)
    return picture.resized(
      to: PixelSize(width: picture.width * factor, height: picture.height * factor),
      filter: .nearest)
  }
}

/// A lying bar of a drawing's colours, with the raw values that they stand for.
private struct LegendBar {
  let range: ClosedRange<Double>
  /// What the ends mean.
  let ends: (low: String, high: String)
  let colors: Bitmap
  let unit: Double

  init(of drawing: Drawing, unit: Double) {
    let normalization = drawing.normalization
    let (floor, scale) = (Double(normalization.floor), Double(normalization.scale))
    let isSymmetric = normalization.range == .symmetric
    range = (isSymmetric ? -scale : floor)...scale
    ends = ColorKey(colorMap: drawing.colorMap, sign: drawing.sign).ends
    self.unit = unit
    let steps = 257
    let ramp = Image<Float>(
      size: PixelSize(width: steps, height: 1), layout: .gray,
      samples: (0..<steps).map { step in
        let share = Float(step) / Float(steps - 1)
        return isSymmetric ? 2 * share - 1 : share
      })
    let overlay = Overlay(colorMap: drawing.colorMap, opacity: drawing.opacity)
    // Overlays let the picture through: a middling gray stands for it.
    let gray: UInt8 = isSymmetric ? 225 : 150
    colors = overlay.blended(
      map: ramp, over: Bitmap(size: ramp.size, layout: .gray, filledWith: [gray]))
  }

  var width: Double { 20 * unit }
  var height: Double { 3.6 * unit }

  func draw(on canvas: inout RasterCanvas, at origin: Point, width: Double) {
    var style = TextStyle(size: unit, color: Color(gray: 35), baseline: .middle)
    canvas.draw(ends.low, at: Point(x: origin.x, y: origin.y + 0.5 * unit), style: style)
    style.alignment = .trailing
    canvas.draw(ends.high, at: Point(x: origin.x + width, y: origin.y + 0.5 * unit), style: style)

    let bar = Rect(
      x: origin.x.rounded(), y: (origin.y + 1.2 * unit).rounded(), width: width.rounded(),
      height: unit.rounded())
    canvas.draw(colors, in: bar)
    canvas.stroke(.rectangle(bar.inset(by: 0.5)), with: Color(gray: 120))

    let ticks = ChartTicks(endsOf: range)
    let length = range.upperBound - range.lowerBound
    guard length > 0 else { return }
    for (value, text) in zip(ticks.values, ticks.labels) {
      let share = (value - range.lowerBound) / length
      let x = bar.x + share * bar.width
      canvas.stroke(
        .line(from: Point(x: x, y: bar.maxY), to: Point(x: x, y: bar.maxY + unit / 3)),
        with: Color(gray: 120))
      // Numbers at the ends stay within the bar's width.
      let half = style.width(of: text) / 2
      let center = min(max(x, bar.x + half), bar.maxX - half)
      style.alignment = .center
      canvas.draw(text, at: Point(x: center, y: bar.maxY + 0.95 * unit), style: style)
    }
  }
}

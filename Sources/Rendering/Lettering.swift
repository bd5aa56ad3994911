/// A line of text as lines to be stroked with round caps and joins.
struct Lettering {
  var path = Path()
  var lineWidth: Double

  /// With `snapsToPixels`, the foot and head of the letters fall on pixel borders, which makes
  /// small text crisp; its width is not touched.
  init(_ text: String, at anchor: Point, style: TextStyle, snapsToPixels: Bool = false) {
    let size = style.size
    let unit = Font.unit(style.weight) * size
    lineWidth = style.weight.lineWidth * size
    if snapsToPixels { lineWidth = max(lineWidth, 1) }
    let ruler = Ruler(size: size, lineWidth: lineWidth, unit: unit, snapsToPixels: snapsToPixels)

    var along = -style.width(of: text) * style.alignment.share
    var across = style.baseline.offset * size
    if style.baseline == .middle || style.baseline == .top {
      across = ruler.capTop * (style.baseline == .middle ? 0.5 : 1)
    }
    var origin = anchor
    if snapsToPixels {
      // Only the direction across the line is moved, by half a pixel at most.
      switch style.direction {
      case .rightwards: origin.y = (anchor.y + across).rounded() - across
      case .upwards: origin.x = (anchor.x + across).rounded() - across
      case .downwards: origin.x = (anchor.x - across).rounded() + across
      }
    }
    for character in text {
      let glyph = Font.glyph(character)
      let start = along + glyph.left * unit
      path.append(
        glyph.path.mapped { point in
          let x = start + point.x * unit
          let y = across - ruler.height(of: point.y)
          return switch style.direction {
          case .rightwards: Point(x: origin.x + x, y: origin.y + y)
          case .upwards: Point(x: origin.x + y, y: origin.y - x)
          case .downwards: Point(x: origin.x - y, y: origin.y + x)
          }
        }
      )
      along += glyph.advance * unit
    }
  }

  /// Turns font units above the baseline into heights of the pen's centre.
  private struct Ruler {
    var capTop: Double
    private var smallTop: Double
    private var foot: Double
    private var unit: Double

    init(size: Double, lineWidth: Double, unit: Double, snapsToPixels: Bool) {
      let pen = lineWidth / 2
      let cap = Font.capHeight * size
      let small = pen + (cap - lineWidth) * Font.smallUnits / Font.capUnits + pen
      capTop = snapsToPixels ? cap.rounded() : cap
      smallTop = (snapsToPixels ? small.rounded() : small) - pen
      foot = pen
      self.unit = unit
    }

    func height(of y: Double) -> Double {
      let capCenter = capTop - foot
      if y <= 0 { return foot + y * unit }
      if y <= Font.smallUnits { return foot + (smallTop - foot) * y / Font.smallUnits }
      if y <= Font.capUnits {
        let share = (y - Font.smallUnits) / (Font.capUnits - Font.smallUnits)
        return smallTop + (capCenter - smallTop) * share
      }
      return capCenter + (y - Font.capUnits) * unit
    }
  }
}

extension TextStyle.Alignment {
  /// The part of the line that lies before the anchor.
  fileprivate var share: Double {
    switch self {
    case .leading: 0
    case .center: 0.5
    case .trailing: 1
    }
  }
}

extension TextStyle.Baseline {
  /// How far the baseline lies beyond the anchor, as a fraction of the em.
  fileprivate var offset: Double {
    switch self {
    case .baseline: 0
    case .middle: Font.capHeight / 2
    case .top: Font.capHeight
    case .bottom: -Font.descent
    }
  }
}

extension TextStyle {
  /// The width of a line of text in canvas units, spaces beside the outer letters included.
  public func width(of text: String) -> Double {
    let unit = Font.unit(weight) * size
    return text.reduce(0) { $0 + Font.glyph($1).advance * unit }
  }

  /// From the ascent of a line to that of the next, in canvas units.
  public var lineHeight: Double { size * 1.3 }

  /// The text, or as much of its beginning and end as fit the width with "…" between them.
  ///
  /// Names of files differ at their ends, so the middle goes. Where not even "…" fits, nothing is
  /// left.
  public func elided(_ text: String, toWidth limit: Double) -> String {
    guard width(of: text) > limit else { return text }
    let characters = Array(text)
    var kept = characters.count - 1
    while kept >= 0 {
      let head = String(characters.prefix((kept + 1) / 2))
      let candidate = head + "…" + String(characters.suffix(kept / 2))
      if width(of: candidate) <= limit { return candidate }
      kept -= 1
    }
    return ""
  }
}

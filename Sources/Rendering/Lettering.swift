/// A line of text as lines to be stroked with round caps and joins.
struct Lettering {
  var path = Path()
  var lineWidth: Double

  /// With `snapsToPixels`, the foot and head of the letters fall on pixel borders, which makes
  /// small text crisp; its width is not touched.
  init(_ text: String, at anchor: Point, style: TextStyle, snapsToPixels: Bool = false) {
    let size = style.size
    guard size > 0 else {
      lineWidth = 0
      return
    }
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
    var width = width(of: text)
    guard width > limit else { return text }
    width += self.width(of: "…")
    let characters = Array(text)
    // The first character after the head and the first of the tail; the gap grows both ways in turn.
    var head = (characters.count + 1) / 2
    var tail = head
    while width > limit {
      guard head > 0 || tail < characters.count else { return "" }
      if head > characters.count - tail {
        head -= 1
        width -= self.width(of: String(characters[head]))
      } else {
        width -= self.width(of: String(characters[tail]))
        tail += 1
      }
    }
    return String(characters[..<head]) + "…" + String(characters[tail...])
  }

  /// The text broken at spaces into lines no wider than the limit.
  ///
  /// Words too long for a line are elided, and so is the last of `limit` lines if there is more.
  public func wrapped(_ text: String, toWidth width: Double, limit: Int) -> [String] {
    guard limit > 0 else { return [] }
    var words = text.split(separator: " ")[...]
    var lines: [String] = []
    while let first = words.popFirst() {
      if lines.count == limit - 1 {
        lines.append(elided(([first] + words).joined(separator: " "), toWidth: width))
        break
      }
      var line = elided(String(first), toWidth: width)
      while let next = words.first, self.width(of: line + " " + next) <= width {
        line += " " + next
        words.removeFirst()
      }
      lines.append(line)
    }
    return lines
  }
}

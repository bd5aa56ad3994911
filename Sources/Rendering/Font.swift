/// The built-in typeface: a proportional sans-serif with figures of equal width.
///
/// It is drawn as lines of even width, so any weight can be had. It has printable ASCII, signs that
/// figures need (× ÷ ° ± − – — → ← ≤ ≥ ≈ · • … µ σ Δ) and Latin letters with accents; any other
/// character shows as a box.
public enum Font {
  /// Thickness of the lines.
  public struct Weight: Sendable, Hashable {
    /// Line width as a fraction of the em, 0.03...0.2.
    public var lineWidth: Double

    /// Limits the width to what stays legible.
    public init(lineWidth: Double) { self.lineWidth = min(max(lineWidth, 0.03), 0.2) }

    /// Thin lines, for large text.
    public static let light = Weight(lineWidth: 0.065)
    /// The weight of running text.
    public static let regular = Weight(lineWidth: 0.088)
    /// Thick lines, for titles.
    public static let bold = Weight(lineWidth: 0.132)
  }

  /// Height of capitals and figures, as a fraction of the em.
  public static let capHeight = 0.73
  /// How far brackets reach above the baseline, as a fraction of the em.
  public static let ascent = 0.80
  /// How far letters reach below the baseline, as a fraction of the em.
  public static let descent = 0.20

  /// A character's drawing in font units, with the space beside it.
  struct Glyph: Sendable {
    /// Starts at x = 0, y up.
    var path: Path
    var width: Double
    /// Space on the left, part of the advance.
    var left: Double
    /// From this glyph's origin to the next one's.
    var advance: Double
  }

  /// Font units of a capital's centre line, and of a small letter's.
  static let capUnits = 14.0
  static let smallUnits = 10.0

  /// One font unit along the line, as a fraction of the em: bold letters are a little wider.
  static func unit(_ weight: Weight) -> Double {
    (capHeight - Weight.regular.lineWidth) / capUnits + (weight.lineWidth - 0.088) * 0.05
  }

  static func glyph(_ character: Character) -> Glyph { glyphs[character] ?? missing }

  /// Whether the font has a drawing for this character.
  public static func hasGlyph(for character: Character) -> Bool { glyphs[character] != nil }

  private static let missing = Glyph(FontGlyphs.missing, sides: "||")

  private static let glyphs: [Character: Glyph] = {
    var glyphs: [Character: Glyph] = [:]
    for line in FontGlyphs.drawings.split(separator: "\n") {
      guard let character = line.first else { continue }
      glyphs[character] = Glyph(String(line.dropFirst(4)), sides: line.dropFirst(2).prefix(2))
    }
    for (digit, (raised, lowered)) in zip("0123456789−", zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "₀₁₂₃₄₅₆₇₈₉₋")) {
      glyphs[raised] = glyphs[digit]?.scaled(by: 0.62, raisedBy: 6.4)
      glyphs[lowered] = glyphs[digit]?.scaled(by: 0.62, raisedBy: -3)
    }
    // A letter with a combining mark equals the composed character, however either is encoded.
    for (character, glyph) in glyphs where character.isLetter && character.isASCII {
      for mark in FontGlyphs.marks {
        var scalars = String(character).unicodeScalars
        scalars.append(mark.scalar)
        glyphs[Character(String(scalars))] = glyph.with(mark.drawing, over: character)
      }
    }
    return glyphs
  }()
}

extension Font.Glyph {
  /// Traps for a drawing that is not in the language of `FontGlyphs`.
  fileprivate init(_ drawing: String, sides: some StringProtocol) {
    path = Path(drawing: drawing)
    width = path.elements.compactMap(\.end?.x).max() ?? 0
    if sides == "##" {
      advance = 12.4
      left = (advance - width) / 2
    } else {
      left = Self.space(sides.first)
      advance = left + width + Self.space(sides.last)
    }
  }

  private static func space(_ side: Character?) -> Double {
    switch side {
    case "|": 2.4
    case "(", ")": 1.8
    case "<", ">": 1.1
    case ".": 2.0
    case "=": 2.7
    default: 0
    }
  }

  fileprivate func scaled(by factor: Double, raisedBy height: Double) -> Font.Glyph {
    var glyph = self
    glyph.path = path.mapped { Point(x: $0.x * factor, y: $0.y * factor + height) }
    glyph.width *= factor
    glyph.left *= factor
    glyph.advance *= factor
    return glyph
  }

  fileprivate func with(_ mark: String, over character: Character) -> Font.Glyph {
    var glyph = self
    // The dot gives way to the mark.
    if character == "i" { glyph.path = Path(drawing: "m0,0 l0,10") }
    if character == "j" { glyph.path = Path(drawing: "m2.3,10 l2.3,-1.6 q2.3,-4 0,-4") }
    let isTall = character.isUppercase || "bdfhklt".contains(character)
    let isBelow = mark.contains("-3")
    let offset = Point(
      x: character == "j" ? 2.3 : width / 2,
      y: isTall && !isBelow ? Font.capUnits - 10 : 0
    )
    glyph.path.append(Path(drawing: mark).mapped { $0 + offset })
    return glyph
  }
}

extension Path {
  /// Reads the pen's course in the language of `FontGlyphs`.
  fileprivate init(drawing: String) {
    self.init()
    /// Less than a circle's 0.55 would be pointed; a little more gives open, even bowls.
    let roundness = 0.59
    var command: Character = "m"
    var control: Point?
    for word in drawing.split(separator: " ") {
      var coordinates = Substring(word)
      if let first = word.first, first.isLetter {
        command = first
        coordinates = word.dropFirst()
      }
      guard command != "z" else {
        close()
        continue
      }
      let numbers = coordinates.split(separator: ",").compactMap { Double(Self.padded($0)) }
      precondition(numbers.count == 2, "\"\(word)\" is no step of a pen")
      let point = Point(x: numbers[0], y: numbers[1])
      switch command {
      case "m": move(to: point)
      case "l": line(to: point)
      case "h": quarterArc(to: point, startsHorizontally: true, roundness: roundness)
      case "v": quarterArc(to: point, startsHorizontally: false, roundness: roundness)
      case "d": dot(at: point)
      case "q":
        guard let through = control else {
          control = point
          continue
        }
        quad(to: point, control: through)
        control = nil
      default: preconditionFailure("\"\(command)\" is no step of a pen")
      }
    }
  }

  /// `.5` and `-.5` with their zero, which `Double` asks for.
  private static func padded(_ number: Substring) -> String {
    let isNegative = number.first == "-"
    let digits = isNegative ? number.dropFirst() : number
    return (isNegative ? "-" : "") + (digits.first == "." ? "0" : "") + digits
  }

  /// A dot a little wider than the line, as the eye wants it.
  private mutating func dot(at point: Point) {
    let reach = 0.3
    move(to: Point(x: point.x, y: point.y - reach))
    line(to: Point(x: point.x + reach, y: point.y))
    line(to: Point(x: point.x, y: point.y + reach))
    line(to: Point(x: point.x - reach, y: point.y))
    close()
  }

  /// The path with every point, control points too, taken elsewhere.
  func mapped(_ transform: (Point) -> Point) -> Path {
    var path = Path()
    for element in elements {
      switch element {
      case .move(let point): path.move(to: transform(point))
      case .line(let point): path.line(to: transform(point))
      case .quad(let control, let point):
        path.quad(to: transform(point), control: transform(control))
      case .cubic(let control1, let control2, let point):
        path.cubic(
          to: transform(point),
          control1: transform(control1),
          control2: transform(control2)
        )
      case .close: path.close()
      }
    }
    return path
  }
}

extension Path.Element {
  /// Where the element leaves the pen, if it says so itself.
  fileprivate var end: Point? {
    switch self {
    case .move(let point), .line(let point), .quad(_, let point), .cubic(_, _, let point): point
    case .close: nil
    }
  }
}

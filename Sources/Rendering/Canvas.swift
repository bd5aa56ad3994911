public import Imaging

/// A surface to draw on: pixels, or later the pages of a vector format.
///
/// Positions are in canvas units, origin at the top left, y downwards; a raster canvas has one unit
/// per pixel, and whole numbers are pixel borders. Fills follow the non-zero winding rule. Colours
/// blend in sRGB code values. A conformer draws what is asked for and nothing outside the clip;
/// text comes from the built-in font unless it has a better one.
public protocol Canvas {
  /// The whole surface, at the origin.
  var bounds: Rect { get }

  /// Fills the inside of a path; open parts are closed by a straight line.
  mutating func fill(_ path: Path, with color: Color)

  /// Draws a line along a path.
  mutating func stroke(_ path: Path, with color: Color, style: StrokeStyle)

  /// Draws a line of text about an anchor.
  mutating func draw(_ text: String, at anchor: Point, style: TextStyle)

  /// Draws a picture stretched over a rectangle. Enlarged pixels are squares with sharp borders.
  mutating func draw(_ picture: Bitmap, in rect: Rect)

  /// Draws with everything outside `rect` left alone.
  mutating func clipped(to rect: Rect, _ body: (inout Self) -> Void)
}

extension Canvas {
  /// Draws a line of the given width along a path.
  public mutating func stroke(_ path: Path, with color: Color, width: Double = 1) {
    stroke(path, with: color, style: StrokeStyle(width: width))
  }

  /// Draws the built-in font's letters as strokes.
  public mutating func draw(_ text: String, at anchor: Point, style: TextStyle) {
    let lettering = Lettering(text, at: anchor, style: style)
    stroke(lettering.path, with: style.color, style: .round(width: lettering.lineWidth))
  }
}

/// How a line of text looks and where it lies about its anchor.
public struct TextStyle: Sendable, Hashable {
  /// Where the anchor lies along the line.
  public enum Alignment: Sendable, Hashable {
    /// At its start, its middle or its end.
    case leading, center, trailing
  }

  /// Where the anchor lies across the line.
  public enum Baseline: Sendable, Hashable {
    /// On the baseline.
    case baseline
    /// Half the height of a capital above the baseline.
    case middle
    /// At the top of capitals.
    case top
    /// At the foot of descending letters.
    case bottom
  }

  /// Which way the line runs.
  public enum Direction: Sendable, Hashable {
    /// Level, to the right.
    case rightwards
    /// Turned left by a right angle.
    case upwards
    /// Turned right by a right angle.
    case downwards
  }

  /// Size of the em in canvas units; capitals are 0.73 of it.
  public var size: Double
  /// Colour of the letters.
  public var color: Color
  /// Thickness of the letters.
  public var weight: Font.Weight
  /// Where the anchor lies along the line.
  public var alignment: Alignment
  /// Where the anchor lies across the line.
  public var baseline: Baseline
  /// Which way the line runs.
  public var direction: Direction

  /// Dark regular text to the right of an anchor on the baseline, unless told otherwise.
  public init(
    size: Double = 13,
    color: Color = .black,
    weight: Font.Weight = .regular,
    alignment: Alignment = .leading,
    baseline: Baseline = .baseline,
    direction: Direction = .rightwards
  ) {
    self.size = size
    self.color = color
    self.weight = weight
    self.alignment = alignment
    self.baseline = baseline
    self.direction = direction
  }
}

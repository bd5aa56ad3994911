/// A position on a canvas, in canvas units: x to the right, y downwards.
public struct Point: Sendable, Hashable {
  /// To the right.
  public var x: Double
  /// Downwards.
  public var y: Double

  /// A position in canvas units.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }

  static func + (left: Point, right: Point) -> Point {
    Point(x: left.x + right.x, y: left.y + right.y)
  }

  static func - (left: Point, right: Point) -> Point {
    Point(x: left.x - right.x, y: left.y - right.y)
  }

  static func * (point: Point, factor: Double) -> Point {
    Point(x: point.x * factor, y: point.y * factor)
  }

  /// Distance from the origin.
  var length: Double { (x * x + y * y).squareRoot() }
}

/// An upright rectangle on a canvas; its sides may be zero.
public struct Rect: Sendable, Hashable {
  /// The left side.
  public var x: Double
  /// The upper side.
  public var y: Double
  /// From left to right, 0 or more.
  public var width: Double
  /// From top to bottom, 0 or more.
  public var height: Double

  /// Traps for negative sides.
  public init(x: Double, y: Double, width: Double, height: Double) {
    precondition(width >= 0 && height >= 0, "a rectangle has no negative sides")
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The right side.
  public var maxX: Double { x + width }
  /// The lower side.
  public var maxY: Double { y + height }
  /// Where the diagonals meet.
  public var center: Point { Point(x: x + width / 2, y: y + height / 2) }

  /// The rectangle drawn in by these margins; where they meet it is empty.
  public func inset(
    left: Double = 0,
    top: Double = 0,
    right: Double = 0,
    bottom: Double = 0
  ) -> Rect {
    Rect(
      x: x + left,
      y: y + top,
      width: max(width - left - right, 0),
      height: max(height - top - bottom, 0)
    )
  }

  /// The rectangle drawn in by one margin on every side.
  public func inset(by margin: Double) -> Rect {
    inset(left: margin, top: margin, right: margin, bottom: margin)
  }

  /// The part that both cover, possibly empty.
  public func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(
      x: left,
      y: top,
      width: max(min(maxX, other.maxX) - left, 0),
      height: max(min(maxY, other.maxY) - top, 0)
    )
  }
}

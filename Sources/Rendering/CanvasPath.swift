/// Lines and curves to be filled or stroked.
public struct Path: Sendable, Hashable {
  /// One step of the pen.
  public enum Element: Sendable, Hashable {
    /// Puts the pen down.
    case move(Point)
    /// A straight line.
    case line(Point)
    case quad(control: Point, Point)
    case cubic(control1: Point, control2: Point, Point)
    /// Back to where the pen was put down.
    case close
  }

  /// The steps in the order they are drawn.
  public private(set) var elements: [Element] = []

  /// A path without steps.
  public init() {}

  /// Puts the pen down.
  public mutating func move(to point: Point) { elements.append(.move(point)) }

  /// Draws a straight line from the pen's position.
  public mutating func line(to point: Point) { elements.append(.line(point)) }

  /// Draws a parabola from the pen's position.
  public mutating func quad(to point: Point, control: Point) {
    elements.append(.quad(control: control, point))
  }

  /// Draws a cubic Bézier curve from the pen's position.
  public mutating func cubic(to point: Point, control1: Point, control2: Point) {
    elements.append(.cubic(control1: control1, control2: control2, point))
  }

  /// Draws a line back to where the pen was put down.
  public mutating func close() { elements.append(.close) }

  /// Adds another path's strokes.
  public mutating func append(_ other: Path) { elements += other.elements }
}

// MARK: - Shapes

extension Path {
  /// One straight line.
  public static func line(from start: Point, to end: Point) -> Path { polyline([start, end]) }

  /// Straight lines through the points, open at the ends.
  public static func polyline(_ points: some Sequence<Point>) -> Path {
    var path = Path()
    for point in points {
      if path.elements.isEmpty { path.move(to: point) } else { path.line(to: point) }
    }
    return path
  }

  /// Straight lines through the points and back to the first.
  public static func polygon(_ points: some Sequence<Point>) -> Path {
    var path = polyline(points)
    if !path.elements.isEmpty { path.close() }
    return path
  }

  /// The four sides of a rectangle.
  public static func rectangle(_ rect: Rect) -> Path {
    polygon([
      Point(x: rect.x, y: rect.y), Point(x: rect.maxX, y: rect.y),
      Point(x: rect.maxX, y: rect.maxY), Point(x: rect.x, y: rect.maxY),
    ])
  }

  /// A rectangle whose corners are quarter circles; the radius is limited to half a side.
  public static func roundedRectangle(_ rect: Rect, radius: Double) -> Path {
    let radius = min(max(radius, 0), rect.width / 2, rect.height / 2)
    var path = Path()
    path.move(to: Point(x: rect.x + radius, y: rect.y))
    path.line(to: Point(x: rect.maxX - radius, y: rect.y))
    path.quarterArc(to: Point(x: rect.maxX, y: rect.y + radius), startsHorizontally: true)
    path.line(to: Point(x: rect.maxX, y: rect.maxY - radius))
    path.quarterArc(to: Point(x: rect.maxX - radius, y: rect.maxY), startsHorizontally: false)
    path.line(to: Point(x: rect.x + radius, y: rect.maxY))
    path.quarterArc(to: Point(x: rect.x, y: rect.maxY - radius), startsHorizontally: true)
    path.line(to: Point(x: rect.x, y: rect.y + radius))
    path.quarterArc(to: Point(x: rect.x + radius, y: rect.y), startsHorizontally: false)
    path.close()
    return path
  }

  /// A circle of four curves, true within 0.03 % of its radius.
  public static func circle(center: Point, radius: Double) -> Path {
    roundedRectangle(
      Rect(x: center.x - radius, y: center.y - radius, width: 2 * radius, height: 2 * radius),
      radius: radius
    )
  }

  /// Draws a quarter of an upright ellipse, which leaves the pen's position along one axis and
  /// arrives along the other.
  ///
  /// `roundness` is where the control points lie between the ends and the corner; the default is
  /// the best circle (within 0.03 % of its radius).
  mutating func quarterArc(
    to end: Point,
    startsHorizontally: Bool,
    roundness: Double = 0.5522847498
  ) {
    guard let start = position else { return }
    let corner = startsHorizontally ? Point(x: end.x, y: start.y) : Point(x: start.x, y: end.y)
    cubic(
      to: end,
      control1: start + (corner - start) * roundness,
      control2: end + (corner - end) * roundness
    )
  }

  /// Where the last line or curve ended.
  private var position: Point? {
    switch elements.last {
    case .move(let point), .line(let point), .quad(_, let point), .cubic(_, _, let point): point
    case .close, nil: nil
    }
  }
}

// MARK: - Flattening

/// A run of straight lines; a closed one does not repeat its first point.
struct Polyline: Equatable {
  var points: [Point]
  var isClosed: Bool
}

extension Path {
  /// The path as straight lines that leave its curves by `tolerance` at most.
  ///
  /// Points in the same place are merged; a dot (a line of no length) keeps its one point.
  func flattened(tolerance: Double = 0.02) -> [Polyline] {
    var lines: [Polyline] = []
    var points: [Point] = []
    var hasDrawn = false
    func finish(closed: Bool) {
      if closed, points.count > 1, points.first == points.last { points.removeLast() }
      if hasDrawn { lines.append(Polyline(points: points, isClosed: closed)) }
      hasDrawn = false
    }
    func add(_ point: Point) {
      hasDrawn = true
      if points.last != point { points.append(point) }
    }

    for element in elements {
      switch element {
      case .move(let point):
        finish(closed: false)
        points = [point]
      case .line(let point):
        add(point)
      case .quad(let control, let end):
        guard let start = points.last else { continue }
        // A cubic of the same shape has its control points at two thirds.
        let control1 = start + (control - start) * (2 / 3)
        let control2 = end + (control - end) * (2 / 3)
        Self.subdivide(start, control1, control2, end, tolerance: tolerance, into: add)
      case .cubic(let control1, let control2, let end):
        guard let start = points.last else { continue }
        Self.subdivide(start, control1, control2, end, tolerance: tolerance, into: add)
      case .close:
        let start = points.first
        finish(closed: true)
        points = start.map { [$0] } ?? []
      }
    }
    finish(closed: false)
    return lines
  }

  /// Equal steps of the parameter, as many as the second differences ask for (Wang's bound).
  private static func subdivide(
    _ p0: Point,
    _ p1: Point,
    _ p2: Point,
    _ p3: Point,
    tolerance: Double,
    into add: (Point) -> Void
  ) {
    let bend = max((p0 - p1 * 2 + p2).length, (p1 - p2 * 2 + p3).length)
    let count = min(max((0.75 * bend / tolerance).squareRoot().rounded(.up), 1), 200)
    for step in 1...Int(count) {
      let t = Double(step) / count
      let u = 1 - t
      add(p0 * (u * u * u) + p1 * (3 * u * u * t) + p2 * (3 * u * t * t) + p3 * (t * t * t))
    }
  }
}

/// How a line is drawn along a path.
public struct StrokeStyle: Sendable, Hashable {
  /// What an open line's ends look like.
  public enum Cap: Sendable, Hashable {
    /// Cut off at the end point.
    case butt
    /// Half a circle about the end point.
    case round
  }

  /// What a corner looks like.
  public enum Join: Sendable, Hashable {
    /// Pointed; corners below about 29° are cut off.
    case miter
    /// An arc about the corner.
    case round
  }

  /// Width in canvas units.
  public var width: Double
  /// What the ends look like; the strokes of a dashed line have such ends too.
  public var cap: Cap
  /// What the corners look like.
  public var join: Join
  /// Lengths of strokes and gaps in turn, in canvas units; empty for an unbroken line.
  public var dash: [Double]

  /// An unbroken line with cut ends and pointed corners, unless told otherwise.
  public init(width: Double = 1, cap: Cap = .butt, join: Join = .miter, dash: [Double] = []) {
    self.width = width
    self.cap = cap
    self.join = join
    self.dash = dash
  }

  /// Round caps and joins.
  public static func round(width: Double) -> StrokeStyle {
    StrokeStyle(width: width, cap: .round, join: .round)
  }
}

extension Path {
  /// The outline of the line drawn along this path, for a non-zero winding fill.
  ///
  /// Every piece (segment, corner, cap) is a convex polygon of its own, all of the same orientation,
  /// so that they may overlap freely.
  func stroked(_ style: StrokeStyle) -> [[Point]] {
    guard style.width > 0 else { return [] }
    var pieces: [[Point]] = []
    for line in flattened() {
      for part in line.dashed(style.dash) {
        part.outline(style, into: &pieces)
      }
    }
    return pieces.map(Self.counterclockwise)
  }

  /// The polygon with a signed area that is not negative.
  private static func counterclockwise(_ polygon: [Point]) -> [Point] {
    guard var last = polygon.last else { return polygon }
    var doubleArea = 0.0
    for point in polygon {
      // Relative to a corner, so that far from the origin no digits are lost.
      let (first, second) = (last - polygon[0], point - polygon[0])
      doubleArea += first.x * second.y - first.y * second.x
      last = point
    }
    return doubleArea < 0 ? polygon.reversed() : polygon
  }
}

extension Polyline {
  /// The strokes of a dash pattern, which starts anew on every line.
  ///
  /// A pattern without a positive length or with a negative one is an unbroken line, and so is one
  /// that would repeat more than 10⁵ times.
  fileprivate func dashed(_ dash: [Double]) -> [Polyline] {
    let period = dash.reduce(0, +)
    let segments = zip(points, points.dropFirst() + (isClosed ? points.prefix(1) : []))
    let total = segments.reduce(0) { $0 + ($1.1 - $1.0).length }
    guard period > 0, !dash.contains(where: { $0 < 0 }), points.count > 1, total / period < 1e5
    else { return [self] }
    var strokes: [Polyline] = []
    var stroke = [points[0]]
    var phase = 0
    var left = dash[0]
    for (start, end) in segments {
      let length = (end - start).length
      var done = 0.0
      while length - done > left {
        done += left
        let point = start + (end - start) * (done / length)
        if phase % 2 == 0 {
          strokes.append(Polyline(points: stroke + [point], isClosed: false))
        }
        stroke = [point]
        phase += 1
        left = dash[phase % dash.count]
      }
      left -= length - done
      stroke.append(end)
    }
    if phase % 2 == 0, stroke.count > 1 {
      strokes.append(Polyline(points: stroke, isClosed: false))
    }
    return strokes
  }

  fileprivate func outline(_ style: StrokeStyle, into pieces: inout [[Point]]) {
    let radius = style.width / 2
    let count = points.count
    guard count > 1 else {
      if style.cap == .round { pieces.append(Self.disc(points[0], radius)) }
      return
    }
    let segments = isClosed ? count : count - 1
    let normals = (0..<segments).map { index in
      let direction = points[(index + 1) % count] - points[index]
      let scale = radius / direction.length
      return Point(x: -direction.y * scale, y: direction.x * scale)
    }
    for (index, normal) in normals.enumerated() {
      let (start, end) = (points[index], points[(index + 1) % count])
      pieces.append([start + normal, start - normal, end - normal, end + normal])
    }
    for index in (isClosed ? 0 : 1)..<segments {
      let before = normals[(index + segments - 1) % segments]
      pieces.append(
        Self.corner(points[index], from: before, to: normals[index], radius, style.join)
      )
    }
    if !isClosed, style.cap == .round {
      pieces.append(Self.disc(points[0], radius))
      pieces.append(Self.disc(points[count - 1], radius))
    }
  }

  /// What fills the outer gap between two segments that meet at a point.
  private static func corner(
    _ point: Point,
    from before: Point,
    to after: Point,
    _ radius: Double,
    _ join: StrokeStyle.Join
  ) -> [Point] {
    let turn = (before.x * after.y - before.y * after.x) / (radius * radius)
    let along = (before.x * after.x + before.y * after.y) / (radius * radius)
    // The gap lies on the side that the line turns away from.
    let side = turn > 0 ? -1.0 : 1.0
    let (first, last) = (point + before * side, point + after * side)
    var corner = [point, first]
    let middle = before + after
    switch join {
    case .round:
      // One point on the arc leaves it by r(1 − cos(angle/4)), about a 16th of r(1 − cos(angle)):
      // for the steps of a flattened curve this is nothing, and a disc costs many more edges.
      guard along > 0, radius * (1 - along) < 0.5 else { return disc(point, radius) }
      corner.append(point + middle * (side * radius / middle.length))
    case .miter where 1 + along > 0.125:
      // The tip lies at n/cos²(half angle) from the point; the limit is the customary 4 half widths.
      corner.append(point + middle * (side / (1 + along)))
    case .miter: break
    }
    corner.append(last)
    return corner
  }

  private static func disc(_ center: Point, _ radius: Double) -> [Point] {
    Path.circle(center: center, radius: radius).flattened()[0].points
  }
}

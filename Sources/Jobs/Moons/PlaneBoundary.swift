import Networks
import Rendering
import Tensors

/// The whole decision boundary of an invertible network of the plane: a straight line of features, taken
/// back point by point. Nothing is searched for.
struct PlaneBoundary {
  /// The line in features, and the same points in the plane.
  let features: [Point]
  let points: [Point]

  /// The part that passes through a window of the plane, and some more.
  init(of model: CompiledInvertibleNetwork, through window: PlaneWindow, count: Int = 4000) {
    let boundary = model.head.boundary(0, over: 1, features: model.featureShape)
    // What the window's points have as features tells how far the line has to be followed.
    let seen = Self.passes(window.grid(side: 41), through: model.features, limit: model.batchLimit)
    let normal = Point(x: Double(boundary.normal[0]), y: Double(boundary.normal[1]))
    guard boundary.squaredLength > 0 else {
      (features, points) = ([], [])
      return
    }
    let foot = Point(
      x: -boundary.offset * normal.x / boundary.squaredLength,
      y: -boundary.offset * normal.y / boundary.squaredLength)
    let length = boundary.squaredLength.squareRoot()
    let along = Point(x: -normal.y / length, y: normal.x / length)
    let places = seen.map { ($0.x - foot.x) * along.x + ($0.y - foot.y) * along.y }
    let (low, high) = (places.min() ?? 0, places.max() ?? 0)
    features = (0..<count).map { index in
      let place = low + (high - low) * Double(index) / Double(count - 1)
      return Point(x: foot.x + place * along.x, y: foot.y + place * along.y)
    }
    points = Self.passes(
      features, through: { model.input(restoring: $0) }, limit: model.batchLimit)
  }

  /// The nearest of all points of the boundary to one of the plane, on the straight pieces between its
  /// points, and how far away it is; infinitely where there is no boundary.
  func nearest(to point: Point) -> (point: Point, distance: Double) {
    var (least, nearest) = (Double.infinity, point)
    for (a, b) in zip(points, points.dropFirst()) {
      let (dx, dy) = (b.x - a.x, b.y - a.y)
      let square = dx * dx + dy * dy
      let share = square > 0 ? ((point.x - a.x) * dx + (point.y - a.y) * dy) / square : 0
      let place = min(max(share, 0), 1)
      let (x, y) = (a.x + place * dx - point.x, a.y + place * dy - point.y)
      guard x * x + y * y < least else { continue }
      least = x * x + y * y
      nearest = Point(x: point.x + x, y: point.y + y)
    }
    return (nearest, least.squareRoot())
  }

  /// Points as batches through a function of `[N, 2, 1, 1]`.
  static func passes(
    _ points: [Point], through function: (Tensor) -> Tensor, limit: Int
  ) -> [Point] {
    stride(from: 0, to: points.count, by: limit).flatMap { first in
      let part = points[first..<min(first + limit, points.count)]
      let values = function(
        Tensor(part.flatMap { [Float($0.x), Float($0.y)] }, shape: [part.count, 2, 1, 1])
      ).scalars
      return part.indices.map { index in
        let place = 2 * (index - first)
        return Point(x: Double(values[place]), y: Double(values[place + 1]))
      }
    }
  }
}

/// A part of the plane that is drawn.
struct PlaneWindow {
  let across: ClosedRange<Double>
  let up: ClosedRange<Double>

  /// Around all points, with a margin that is a part of their extent.
  init(around points: [Point], margin: Double = 0.08) {
    func range(_ values: [Double]) -> ClosedRange<Double> {
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      let reach = margin * max(high - low, 1e-3)
      return low - reach...high + reach
    }
    across = range(points.map(\.x))
    up = range(points.map(\.y))
  }

  func contains(_ point: Point) -> Bool { across.contains(point.x) && up.contains(point.y) }

  /// Points spread evenly, its borders included.
  func grid(side: Int) -> [Point] {
    func place(_ index: Int, _ range: ClosedRange<Double>) -> Double {
      range.lowerBound
        + (range.upperBound - range.lowerBound) * Double(index) / Double(side - 1)
    }
    return (0..<side * side).map {
      Point(x: place($0 % side, across), y: place($0 / side, up))
    }
  }
}

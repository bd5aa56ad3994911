import Imaging
import Networks
import Rendering
import Tensors

/// Three views of one network: its features, in which the boundary is straight; the plane, with what is
/// brought back to it; and the linear models that importances come from.
struct TwoMoonsFigure: Sendable {
  private let model: CompiledInvertibleNetwork
  private let points: [ProjectedPoint]
  private let window: PlaneWindow
  private let boundary: PlaneBoundary

  private static let colors = [Chart.palette[0], Chart.palette[1]]
  private static let ink = Color(gray: 40)

  init(_ model: CompiledInvertibleNetwork, points: [ProjectedPoint]) {
    self.model = model
    self.points = points
    window = PlaneWindow(around: points.map { Point($0.x) })
    // Equal units show more than the window.
    boundary = PlaneBoundary(
      of: model, through: PlaneWindow(around: points.map { Point($0.x) }, margin: 0.6))
  }

  var bitmap: Bitmap {
    let panel = PixelSize(width: 620, height: 520)
    var canvas = RasterCanvas(size: PixelSize(width: 3 * panel.width, height: panel.height))
    for (index, chart) in [features, plane, models].enumerated() {
      chart.draw(
        on: &canvas,
        in: Rect(
          x: Double(index * panel.width), y: 0, width: Double(panel.width),
          height: Double(panel.height)))
    }
    return canvas.bitmap
  }

  /// Points whose projections are far from one another: those of the window, one after the other the
  /// farthest from all before.
  private func spread(_ count: Int) -> [ProjectedPoint] {
    var open = points.filter { point in
      point.projection.count == 2 && window.contains(Point(point.projection))
        && point.distance > 0.15
    }
    var chosen: [ProjectedPoint] = []
    while chosen.count < count, !open.isEmpty {
      let distances = open.map { point in
        chosen.map { Point(point.projection).distance(to: Point($0.projection)) }.min()
          ?? point.distance
      }
      guard let next = open.indices.max(by: { (distances[$0], $1) < (distances[$1], $0) }) else {
        break
      }
      chosen.append(open.remove(at: next))
    }
    return chosen
  }

  // MARK: - Views

  private var features: Chart {
    let moved = passes(points.map { Point($0.x) })
    let chosen = spread(9)
    let (starts, ends) = (
      passes(chosen.map { Point($0.x) }), passes(chosen.map { Point($0.projection) })
    )
    let shown = PlaneWindow(around: moved + ends)
    return Chart(
      title: "Features: the boundary is straight", x: ChartAxis("first feature", shown.across),
      y: ChartAxis("second feature", shown.up),
      series: dots(moved) + [
        .line("boundary", boundary.features, color: Self.ink, width: 2),
        segments("projection", zip(starts, ends).map { [$0, $1] }, color: Chart.palette[2]),
        .scatter("", ends, color: Chart.palette[2], radius: 3.4),
      ], hasEqualUnits: true)
  }

  private var plane: Chart {
    let chosen = spread(9)
    let projected = chosen.map { [Point($0.x), Point($0.projection)] }
    let nearest = chosen.map { [Point($0.x), Point($0.nearest)] }
    return Chart(
      title: "The plane: brought back by the inverse", x: ChartAxis("x", window.across),
      y: ChartAxis("y", window.up),
      series: dots(points.map { Point($0.x) }) + [
        .line("boundary", boundary.points, color: Self.ink, width: 2),
        segments("to the projection", projected, color: Chart.palette[2]),
        .scatter("", projected.map { $0[1] }, color: Chart.palette[2], radius: 3.4),
        segments("to the nearest flip point", nearest, color: Chart.palette[4], dash: [4, 3]),
        .scatter("", nearest.map { $0[1] }, color: Chart.palette[4], radius: 3.4),
      ], hasEqualUnits: true)
  }

  private var models: Chart {
    let chosen = spread(6)
    var lines: [[[Point]]] = [[], [], []]
    for point in chosen {
      let (x, projection) = (Point(point.x), Point(point.projection))
      lines[0].append(zero(of: gradient(at: x, of: point), through: x, margin: point.margin))
      lines[1].append(zero(of: gradient(at: projection, of: point), through: projection))
      let mean = zip(point.importance, zip(point.x, point.projection)).map { part, ends in
        ends.0 == ends.1 ? 0 : part / (ends.0 - ends.1)
      }
      lines[2].append(zero(of: Point(mean), through: projection))
    }
    let ways = chosen.map { [Point($0.x), Point($0.projection)] }
    return Chart(
      title: "Where local linear models vanish", x: ChartAxis("x", window.across),
      y: ChartAxis("y", window.up),
      series: dots(points.map { Point($0.x) }, isGround: true) + [
        .line("boundary", boundary.points, color: Self.ink, width: 2),
        segments("", ways, color: Color(gray: 130), width: 1.2),
        .scatter("", chosen.map { Point($0.x) }, color: Self.ink, radius: 3.4),
        segments("at the point", lines[0], color: Chart.palette[3], width: 2.4),
        segments("at the projection", lines[1], color: Chart.palette[4], width: 2.4),
        segments("mean on the way", lines[2], color: Chart.palette[2], width: 2.4),
      ], hasEqualUnits: true)
  }

  // MARK: - Parts

  private func passes(_ points: [Point]) -> [Point] {
    PlaneBoundary.passes(points, through: model.features, limit: model.batchLimit)
  }

  /// The points of both classes; as the ground of something else pale and without names.
  private func dots(_ places: [Point], isGround: Bool = false) -> [ChartSeries] {
    (0..<2).map { index in
      let color = Self.colors[index]
      return .scatter(
        isGround ? "" : "class \(index)",
        zip(places, points).filter { $1.actual == index }.map(\.0),
        color: isGround ? color.faded(to: 0.35) : color, radius: 2.2)
    }
  }

  /// Pieces that do not hang together, as one series.
  private func segments(
    _ name: String, _ pieces: [[Point]], color: Color, width: Double = 1.8, dash: [Double] = []
  ) -> ChartSeries {
    let gap = [Point(x: .nan, y: .nan)]
    return .line(
      name, Array(pieces.joined(separator: gap)), color: color, width: width, dash: dash)
  }

  /// Of the predicted class's margin.
  private func gradient(at place: Point, of point: ProjectedPoint) -> Point {
    let input = Tensor([Float(place.x), Float(place.y)], shape: [1, 2, 1, 1])
    let gradient = model.gradient(
      of: .margin(point.predicted, over: 1 - point.predicted), for: input
    ).gradient
    return Point(gradient.scalars.map(Double.init))
  }

  /// A piece of the line on which margin + ⟨gradient, x − place⟩ is zero, around its point nearest to the
  /// place.
  private func zero(of gradient: Point, through place: Point, margin: Double = 0) -> [Point] {
    let square = gradient.x * gradient.x + gradient.y * gradient.y
    guard square > 0 else { return [] }
    let foot = Point(
      x: place.x - margin * gradient.x / square, y: place.y - margin * gradient.y / square)
    let reach = 0.28 / square.squareRoot()
    return [-reach, reach].map {
      Point(x: foot.x - $0 * gradient.y, y: foot.y + $0 * gradient.x)
    }
  }
}

extension Point {
  /// Across and up.
  fileprivate init(_ numbers: [Double]) { self.init(x: numbers[0], y: numbers[1]) }

  fileprivate func distance(to other: Point) -> Double {
    ((x - other.x) * (x - other.x) + (y - other.y) * (y - other.y)).squareRoot()
  }
}

extension ChartAxis {
  fileprivate init(_ label: String, _ range: ClosedRange<Double>) {
    self.init(label, scale: .fixed(range))
  }
}

/// The shares of pixels that polygons cover, row by row, under the non-zero winding rule.
///
/// Every pixel row is cut at the heights of all corners into bands in which edges run straight from
/// top to bottom. In a band the covered parts are trapezoids, and their areas within each pixel are
/// summed exactly. A band in which edges cross is halved until it is a 16th of a pixel high, which
/// leaves an error below 1/256 of a pixel.
struct Coverage {
  /// A line between two heights; `winding` is +1 if it was drawn downwards.
  private struct Edge {
    var top: Point
    var bottom: Point
    var winding: Int
    /// The extent of the polygon it belongs to.
    var left: Double
    var right: Double

    func x(at y: Double) -> Double {
      if y <= top.y { return top.x }
      if y >= bottom.y { return bottom.x }
      return top.x + (bottom.x - top.x) * ((y - top.y) / (bottom.y - top.y))
    }
  }

  /// An edge's ends within a band.
  private struct Crossing {
    var top: Double
    var bottom: Double
    /// Twice the place half way down.
    var middle: Double
    var winding: Int
  }

  private let columns: Range<Int>
  private let rows: Range<Int>
  private var edges: [Edge] = []
  /// Difference of coverage from one pixel to the next, for the row at work.
  private var steps: [Double]
  /// Used again for every band, which saves an allocation each.
  private var crossings: [Crossing] = []

  /// Coverage of these pixels; both ranges must not be empty.
  init(columns: Range<Int>, rows: Range<Int>) {
    self.columns = columns
    self.rows = rows
    // A trapezoid changes the pixel it ends in and the one after.
    steps = Array(repeating: 0, count: columns.count + 2)
  }

  /// Adds a closed polygon. One with points that are not finite, or farther than 10¹² from the
  /// origin, is dropped: its slopes could not be told.
  mutating func add(_ polygon: [Point]) {
    guard polygon.count > 2, polygon.allSatisfy({ abs($0.x) < 1e12 && abs($0.y) < 1e12 }) else {
      return
    }
    let left = polygon.reduce(.infinity) { min($0, $1.x) }
    let right = polygon.reduce(-.infinity) { max($0, $1.x) }
    var start = polygon[polygon.count - 1]
    for end in polygon {
      defer { start = end }
      guard max(start.y, end.y) > Double(rows.lowerBound),
        min(start.y, end.y) < Double(rows.upperBound), start.y != end.y
      else { continue }
      let isDown = start.y < end.y
      edges.append(
        Edge(
          top: isDown ? start : end,
          bottom: isDown ? end : start,
          winding: isDown ? 1 : -1,
          left: left,
          right: right
        )
      )
    }
  }

  /// Calls `body` with each row that is touched, the first column of a run of pixels, and their
  /// coverage, 0...1.
  mutating func forEachRow(
    _ body: (_ row: Int, _ column: Int, _ coverage: ArraySlice<Float>) -> Void
  ) {
    edges.sort { ($0.top.y, $0.top.x) < ($1.top.y, $1.top.x) }
    guard let first = edges.first else { return }
    var next = 0
    var active: [Edge] = []
    var coverage = [Float](repeating: 0, count: columns.count)
    for row in max(rows.lowerBound, Int(first.top.y.rounded(.down)))..<rows.upperBound {
      let (top, bottom) = (Double(row), Double(row + 1))
      active.removeAll { $0.bottom.y <= top }
      while next < edges.count, edges[next].top.y < bottom {
        if edges[next].bottom.y > top { active.append(edges[next]) }
        next += 1
      }
      if active.isEmpty {
        if next == edges.count { return }
        continue
      }
      sumRow(active, top: top, bottom: bottom)

      var sum = 0.0
      var touched: Range<Int>?
      for column in coverage.indices {
        sum += steps[column]
        // Sums of exact shares differ from 0 and 1 by rounding alone.
        coverage[column] = Float(min(max(sum, 0), 1))
        if coverage[column] > 1e-4 { touched = (touched?.lowerBound ?? column)..<(column + 1) }
      }
      for index in steps.indices { steps[index] = 0 }
      if let touched { body(row, columns.lowerBound + touched.lowerBound, coverage[touched]) }
    }
  }

  /// Sums a row in groups of polygons that lie beside each other: a polygon is closed, so it has no
  /// part in the winding left and right of it, and far fewer edges meet in a band.
  private mutating func sumRow(_ active: [Edge], top: Double, bottom: Double) {
    let active = active.sorted { ($0.left, $0.top.y) < ($1.left, $1.top.y) }
    var start = 0
    while start < active.count {
      var end = start
      var right = active[start].right
      while end < active.count, active[end].left <= right {
        right = max(right, active[end].right)
        end += 1
      }
      sumGroup(active[start..<end], top: top, bottom: bottom)
      start = end
    }
  }

  private mutating func sumGroup(_ group: ArraySlice<Edge>, top: Double, bottom: Double) {
    var cuts = [top, bottom]
    for edge in group {
      if edge.top.y > top { cuts.append(edge.top.y) }
      if edge.bottom.y < bottom { cuts.append(edge.bottom.y) }
    }
    cuts.sort()
    for (upper, lower) in zip(cuts, cuts.dropFirst()) where lower > upper {
      sumBand(group, top: upper, bottom: lower)
    }
  }

  private mutating func sumBand(_ group: ArraySlice<Edge>, top: Double, bottom: Double) {
    crossings.removeAll(keepingCapacity: true)
    for edge in group where edge.top.y <= top && edge.bottom.y >= bottom {
      let (above, below) = (edge.x(at: top), edge.x(at: bottom))
      let crossing = Crossing(
        top: above, bottom: below, middle: above + below, winding: edge.winding)
      // Few edges meet in a band, so each is put straight into its place.
      var place = crossings.count
      while place > 0, crossings[place - 1].middle > crossing.middle { place -= 1 }
      crossings.insert(crossing, at: place)
    }
    let cross = crossings.indices.dropFirst().contains { index in
      let (left, right) = (crossings[index - 1], crossings[index])
      return left.top > right.top + 1e-6 || left.bottom > right.bottom + 1e-6
    }
    if cross, bottom - top > 1.0 / 16 {
      let middle = (top + bottom) / 2
      sumBand(group, top: top, bottom: middle)
      sumBand(group, top: middle, bottom: bottom)
      return
    }
    var winding = 0
    for crossing in crossings {
      let before = winding
      winding += crossing.winding
      if before == 0 { addStep(crossing, height: bottom - top) }
      if winding == 0 { addStep(crossing, height: top - bottom) }
    }
  }

  /// Adds `height` to all pixels right of an edge, and to those it runs through by their share.
  private mutating func addStep(_ crossing: Crossing, height: Double) {
    let origin = Double(columns.lowerBound)
    let limit = Double(columns.count)
    let left = min(crossing.top, crossing.bottom) - origin
    let right = max(crossing.top, crossing.bottom) - origin
    if right <= 0 {
      steps[0] += height
      return
    }
    if left >= limit { return }
    guard right - left > 1e-9 else {
      let column = Int(left)
      let share = Double(column + 1) - left
      steps[column] += height * share
      steps[column + 1] += height * (1 - share)
      return
    }
    // The part of the edge outside on the left covers every pixel, the part on the right none.
    let perColumn = height / (right - left)
    if left < 0 { steps[0] += perColumn * -left }
    var x = max(left, 0)
    let end = min(right, limit)
    while x < end {
      let column = Int(x)
      let stop = min(Double(column + 1), end)
      let part = perColumn * (stop - x)
      let share = Double(column + 1) - (x + stop) / 2
      steps[column] += part * share
      steps[column + 1] += part * (1 - share)
      x = stop
    }
  }
}

import Testing

@testable import Rendering

struct CanvasCoverageTests {
  private func area(_ polygons: [[Point]], columns: Range<Int> = 0..<40, rows: Range<Int> = 0..<40)
    -> Double
  {
    var coverage = Coverage(columns: columns, rows: rows)
    for polygon in polygons { coverage.add(polygon) }
    var sum = 0.0
    coverage.forEachRow { _, _, shares in sum += shares.reduce(0) { $0 + Double($1) } }
    return sum
  }

  private func polygon(_ coordinates: (Double, Double)...) -> [Point] {
    coordinates.map { Point(x: $0.0, y: $0.1) }
  }

  private func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> [Point] {
    polygon((x, y), (x + width, y), (x + width, y + height), (x, y + height))
  }

  /// Float keeps a share to 6e-8; a few hundred pixels sum to below this.
  private let rounding = 1e-4

  @Test func `a rectangle between pixel borders covers its area`() {
    #expect(abs(area([box(3.3, 4.7, 10.45, 6.15)]) - 10.45 * 6.15) < rounding)
    #expect(abs(area([box(3.3, 4.2, 0.2, 0.3)]) - 0.06) < rounding)
  }

  @Test func `a slanted triangle covers its area`() {
    let triangle = polygon((2.1, 3.3), (30.7, 8.9), (11.2, 35.6))
    let expected = abs((30.7 - 2.1) * (35.6 - 3.3) - (11.2 - 2.1) * (8.9 - 3.3)) / 2
    #expect(abs(area([triangle]) - expected) < rounding)
    #expect(abs(area([triangle.reversed()]) - expected) < rounding)
  }

  @Test func `a circle covers its area`() {
    let circle = Path.circle(center: Point(x: 20.3, y: 19.6), radius: 12.5).flattened()[0].points
    // The chords stay within the flattening tolerance of 0.02 of a rim of 78.5.
    #expect(abs(area([circle]) - .pi * 12.5 * 12.5) < 0.02 * 78.5)
  }

  @Test func `a shared border leaves no seam`() {
    let left = polygon((2, 2), (17.3, 2), (21.9, 30), (2, 30))
    let right = polygon((17.3, 2), (35, 2), (35, 30), (21.9, 30))
    #expect(abs(area([left, right]) - 33 * 28) < rounding)
  }

  @Test func `overlapping polygons of one orientation are a union`() {
    #expect(abs(area([box(2, 2, 10.5, 10.5), box(7.25, 7.25, 10, 10)]) - 182.6875) < rounding)
    #expect(abs(area([box(2, 2, 10, 10), box(2, 2, 10, 10)]) - 100) < rounding)
  }

  @Test func `a polygon of the other orientation is a hole`() {
    #expect(
      abs(area([box(2, 2, 20, 20), box(5.5, 5.5, 4, 4).reversed()]) - (400 - 16)) < rounding
    )
  }

  @Test func `a star drawn in one stroke is filled in its middle`() {
    let star = polygon((20, 2), (31, 36), (2, 15), (38, 15), (9, 36))
    var coverage = Coverage(columns: 0..<40, rows: 0..<40)
    coverage.add(star)
    var middle: Float = 0
    coverage.forEachRow { row, column, shares in
      if row == 20 { middle = Array(shares)[20 - column] }
    }
    #expect(middle == 1)
  }

  @Test func `crossing edges stay within a 256th of a pixel`() {
    let (a, b) = (Point(x: 3.2, y: 3.1), Point(x: 30.4, y: 29.3))
    let (c, d) = (Point(x: 3.6, y: 28.2), Point(x: 29.8, y: 3.9))
    func cross(_ first: Point, _ second: Point) -> Double {
      first.x * second.y - first.y * second.x
    }
    // The lines from a to b and from c to d meet here, between two triangles of opposite winding.
    let waist = a + (b - a) * (cross(c - a, d - c) / cross(b - a, d - c))
    let expected =
      (abs(cross(d - waist, a - waist)) + abs(cross(b - waist, c - waist))) / 2
    // The lines cross in one pixel.
    #expect(abs(area([[a, b, c, d]]) - expected) < 1.0 / 256)
  }

  @Test func `parts outside are cut off on every side`() {
    #expect(abs(area([box(-50, -50, 200, 200)]) - 1600) < rounding)
    #expect(abs(area([polygon((-20, 20), (20, -20), (60, 20), (20, 60))]) - 1600) < 0.05)
    #expect(area([box(50, 5, 10, 10)]) == 0)
    #expect(abs(area([box(-5, -5, 10, 10)], columns: 2..<40, rows: 3..<40) - 6) < rounding)
  }

  @Test func `numbers that are not finite or absurdly large draw nothing`() {
    #expect(area([polygon((.nan, 2), (20, 3), (4, 30))]) == 0)
    #expect(area([polygon((1, 2), (.infinity, 3), (4, 30))]) == 0)
    #expect(area([polygon((1, 2), (1e300, 3), (4, 30))]) == 0)
  }

  @Test func `coverage lies between 0 and 1`() {
    var random = Numbers()
    for _ in 0..<50 {
      let points = (0..<9).map { _ in
        Point(x: .random(in: -5...45, using: &random), y: .random(in: -5...45, using: &random))
      }
      var coverage = Coverage(columns: 0..<40, rows: 0..<40)
      coverage.add(points)
      coverage.forEachRow { _, column, shares in
        #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 })
        #expect(column >= 0 && column + shares.count <= 40)
      }
    }
  }
}

import Testing

@testable import Rendering

struct CanvasPathTests {
  @Test func `a flattened circle stays within the tolerance`() {
    let center = Point(x: 3, y: -2)
    for line in Path.circle(center: center, radius: 40).flattened(tolerance: 0.02) {
      for (start, end) in zip(line.points, line.points.dropFirst()) {
        let middle = (start + end) * 0.5
        #expect(abs((start - center).length - 40) < 0.0003 * 40)
        #expect(40 - (middle - center).length < 0.02 + 0.0003 * 40)
      }
    }
  }

  @Test func `a parabola passes through its middle`() {
    var path = Path()
    path.move(to: Point(x: 0, y: 0))
    path.quad(to: Point(x: 8, y: 0), control: Point(x: 4, y: 8))
    let points = path.flattened(tolerance: 0.001)[0].points
    #expect(points.allSatisfy { abs($0.y - $0.x * (8 - $0.x) / 4) < 1e-9 })
    #expect(points.count > 10)
  }

  @Test func `a closed line does not repeat its start`() {
    let square = Path.polygon([
      Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 0),
    ])
    #expect(
      square.flattened() == [
        Polyline(
          points: [Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1)],
          isClosed: true
        )
      ]
    )
  }

  @Test func `a corner radius is limited to half a side`() {
    let rect = Rect(x: 0, y: 0, width: 10, height: 4)
    #expect(
      Path.roundedRectangle(rect, radius: 99) == Path.roundedRectangle(rect, radius: 2)
    )
  }

  @Test func `an empty path and a pen only put down draw nothing`() {
    var path = Path()
    #expect(path.flattened().isEmpty)
    path.move(to: Point(x: 1, y: 1))
    path.move(to: Point(x: 2, y: 2))
    #expect(path.flattened().isEmpty)
  }
}

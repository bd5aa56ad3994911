import Imaging
import Testing

@testable import Rendering

struct CanvasStrokeTests {
  private func stroked(_ path: Path, _ style: StrokeStyle) -> Double {
    ink(60, 60) { $0.stroke(path, with: .black, style: style) }
  }

  /// Each of some hundred pixels on the rim is rounded to a code value.
  private let rounding = 0.25

  private let corner = Path.polyline([
    Point(x: 10, y: 10), Point(x: 40, y: 10), Point(x: 40, y: 40),
  ])

  @Test func `a line covers its length times its width`() {
    let line = Path.line(from: Point(x: 5, y: 7), to: Point(x: 45, y: 37))
    #expect(abs(stroked(line, StrokeStyle(width: 3)) - 150) < rounding)
  }

  @Test func `round caps add a disc`() {
    let line = Path.line(from: Point(x: 10, y: 10), to: Point(x: 45, y: 37))
    let ends = stroked(line, .round(width: 8)) - stroked(line, StrokeStyle(width: 8))
    #expect(abs(ends - .pi * 16) < 0.6)
  }

  @Test func `a line of no length is a dot with round caps and nothing without`() {
    let dot = Path.line(from: Point(x: 20, y: 20), to: Point(x: 20, y: 20))
    #expect(abs(stroked(dot, .round(width: 10)) - .pi * 25) < 0.6)
    #expect(stroked(dot, StrokeStyle(width: 10)) == 0)
  }

  @Test func `a mitred corner is filled to its tip and a round one to its arc`() {
    // Two arms of 30 by 6, sharing a square of 3 by 3, with one of 3 by 3 at the tip.
    #expect(abs(stroked(corner, StrokeStyle(width: 6)) - 360) < rounding)
    let round = stroked(corner, StrokeStyle(width: 6, join: .round))
    #expect(abs(round - (351 + .pi * 9 / 4)) < rounding)
  }

  @Test func `a closed rectangle is a frame`() {
    let path = Path.rectangle(Rect(x: 10, y: 10, width: 30, height: 20))
    #expect(abs(stroked(path, StrokeStyle(width: 2)) - (32 * 22 - 28 * 18)) < rounding)
  }

  @Test func `a very sharp corner is cut off`() {
    let spike = Path.polyline([Point(x: 5, y: 30), Point(x: 35, y: 31), Point(x: 5, y: 32)])
    let picture = picture(60, 60) { $0.stroke(spike, with: .black, style: StrokeStyle(width: 4)) }
    #expect((38..<60).allSatisfy { x in (0..<60).allSatisfy { picture[x, $0, 0] == 255 } })
  }

  @Test func `dashes cover their share`() {
    let line = Path.line(from: Point(x: 5, y: 10), to: Point(x: 55, y: 10))
    #expect(abs(stroked(line, StrokeStyle(width: 2, dash: [6, 4])) - 60) < rounding)
    // Strokes and gaps of 7 in turn: four strokes in 50.
    #expect(abs(stroked(line, StrokeStyle(width: 2, dash: [7])) - 56) < rounding)
  }

  @Test func `dashes go round corners`() {
    let solid = stroked(corner, StrokeStyle(width: 2))
    let dashed = stroked(corner, StrokeStyle(width: 2, dash: [5, 5]))
    #expect(abs(dashed - solid / 2) < 2.5)
  }

  @Test(arguments: [[0], [-1, 4], [0, 0], [1e-9, 1e-9], [.nan]] as [[Double]])
  func `a pattern without sense is an unbroken line`(dash: [Double]) {
    let line = Path.line(from: Point(x: 5, y: 10), to: Point(x: 55, y: 10))
    #expect(abs(stroked(line, StrokeStyle(width: 2, dash: dash)) - 100) < rounding)
  }

  @Test func `no width draws nothing`() {
    #expect(stroked(corner, StrokeStyle(width: 0)) == 0)
    #expect(stroked(corner, StrokeStyle(width: -3)) == 0)
  }
}

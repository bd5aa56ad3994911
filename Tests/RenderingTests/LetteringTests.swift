import Imaging
import Testing

@testable import Rendering

struct LetteringTests {
  /// The pixel rows and columns that hold ink.
  private func extent(_ text: String, at anchor: Point, _ style: TextStyle) -> PixelRect? {
    let picture = picture(100, 100) { $0.draw(text, at: anchor, style: style) }
    var (left, top, right, bottom) = (100, 100, -1, -1)
    for y in 0..<100 {
      for x in 0..<100 where picture[x, y, 0] < 200 {
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), max(bottom, y))
      }
    }
    guard right >= left else { return nil }
    return PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }

  @Test(arguments: [10.0, 11, 12, 13, 14, 16, 24])
  func `letters stand on a pixel border and reach a whole number of pixels up`(size: Double) {
    let style = TextStyle(size: size)
    let capital = extent("H", at: Point(x: 20, y: 50.3), style)
    #expect(capital?.maxY == 50)
    #expect(capital?.height == Int((Font.capHeight * size).rounded()))
  }

  @Test(arguments: [
    (TextStyle.Baseline.baseline, 36...50), (.top, 50...64), (.middle, 43...57), (.bottom, 32...46),
  ])
  func `the anchor lies where the style says`(
    baseline: TextStyle.Baseline,
    rows: ClosedRange<Int>
  ) {
    let extent = extent("H", at: Point(x: 20, y: 50), TextStyle(size: 20, baseline: baseline))
    // Capitals of 20 units are 14.6 high, which is 15 pixels; half a pixel of play either way.
    #expect(abs((extent?.y ?? 0) - rows.lowerBound) <= 1)
    #expect(abs((extent?.maxY ?? 0) - rows.upperBound) <= 1)
  }

  @Test func `alignment moves the line by its width`() {
    let text = "Him"
    var style = TextStyle(size: 16)
    let leading = extent(text, at: Point(x: 50, y: 50), style)
    style.alignment = .trailing
    let trailing = extent(text, at: Point(x: 50, y: 50), style)
    style.alignment = .center
    let center = extent(text, at: Point(x: 50, y: 50), style)
    #expect((leading?.x ?? 0) >= 50)
    #expect((trailing?.maxX ?? 100) <= 50)
    #expect(abs((center?.x ?? 0) + (center?.maxX ?? 0) - 100) <= 2)
  }

  @Test func `text turns by right angles about its anchor`() {
    let style = TextStyle(size: 16)
    let anchor = Point(x: 50, y: 50)
    let level = Lettering("R2", at: anchor, style: style).path
    for direction in [TextStyle.Direction.upwards, .downwards] {
      var turned = style
      turned.direction = direction
      let expected = level.mapped { point in
        let (x, y) = (point.x - 50, point.y - 50)
        return direction == .upwards
          ? Point(x: 50 + y, y: 50 - x) : Point(x: 50 - y, y: 50 + x)
      }
      let path = Lettering("R2", at: anchor, style: turned).path
      for (line, other) in zip(path.flattened(), expected.flattened()) {
        for (point, twin) in zip(line.points, other.points) {
          #expect((point - twin).length < 1e-9)
        }
      }
    }
  }

  @Test func `short text is not elided`() {
    let style = TextStyle(size: 12)
    #expect(style.elided("zebra", toWidth: style.width(of: "zebra")) == "zebra")
  }

  @Test func `elided text fits and keeps both ends`() {
    let style = TextStyle(size: 12)
    let name = "photos/holiday/IMG_20240131_175959_burst_0042.jpg"
    for limit in stride(from: 0.0, to: 330, by: 7) {
      let elided = style.elided(name, toWidth: limit)
      #expect(style.width(of: elided) <= limit + 1e-6)
      let parts = elided.split(separator: "…", omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      #expect(name.hasPrefix(parts[0]) && name.hasSuffix(parts[1]))
      #expect((0...1).contains(parts[0].count - parts[1].count))
    }
    #expect(style.elided(name, toWidth: 2) == "")
    #expect(style.elided(name, toWidth: 120).contains("…"))
  }

  @Test func `wrapped lines fit and hold every word`() {
    let style = TextStyle(size: 12)
    let text = "the file ends after 1,024 of 48,211 bytes; copy it again"
    let lines = style.wrapped(text, toWidth: 120, limit: 9)
    #expect(lines.count > 2)
    #expect(lines.allSatisfy { style.width(of: $0) <= 120 })
    #expect(lines.joined(separator: " ") == text)
    let short = style.wrapped(text, toWidth: 120, limit: 2)
    #expect(short.count == 2)
    #expect(short[1].contains("…"))
    #expect(style.wrapped("", toWidth: 120, limit: 2).isEmpty)
  }

  @Test func `no size draws nothing that would be seen`() {
    let none = ink(30, 30) { $0.draw("zebra", at: Point(x: 9, y: 9), style: TextStyle(size: 0)) }
    #expect(none == 0)
  }
}

import Imaging
import Testing

@testable import Rendering

struct RasterCanvasTests {
  @Test func `a rectangle on pixel borders has exact pixels`() {
    let red = Color(hex: 0xCC2211)
    let result = picture(6, 5) {
      $0.fill(.rectangle(Rect(x: 1, y: 2, width: 3, height: 2)), with: red)
    }
    for y in 0..<5 {
      for x in 0..<6 {
        #expect(result.color(x, y) == ((1..<4).contains(x) && (2..<4).contains(y) ? red : .white))
      }
    }
  }

  @Test func `a half covered pixel is half way between the colours`() {
    let result = picture(3, 1) {
      $0.fill(.rectangle(Rect(x: 0, y: 0, width: 1.5, height: 1)), with: .black)
    }
    #expect(result.samples == [0, 0, 0, 128, 128, 128, 255, 255, 255])
  }

  @Test func `a translucent line that crosses itself is not darker there`() {
    let loop = Path.polyline([
      Point(x: 2, y: 2), Point(x: 28, y: 28), Point(x: 2, y: 28), Point(x: 28, y: 2),
    ])
    let result = picture(30, 30) {
      $0.stroke(loop, with: Color.black.faded(to: 0.5), style: .round(width: 4))
    }
    #expect(result[15, 15, 0] == 127)
    #expect(result.samples.min() == 127)
  }

  @Test func `nothing is drawn outside the clip, and the clip ends with its closure`() {
    let result = picture(10, 10) { canvas in
      canvas.clipped(to: Rect(x: 2, y: 3, width: 4.5, height: 2)) { canvas in
        canvas.clipped(to: Rect(x: 0, y: 0, width: 10, height: 4)) { canvas in
          canvas.fill(.rectangle(canvas.bounds), with: .black)
        }
      }
    }
    #expect(abs(result.ink - 4.5) < 0.01)
    let open = picture(10, 10) { canvas in
      canvas.clipped(to: Rect(x: 2, y: 3, width: 0, height: 2)) { _ in }
      canvas.fill(.rectangle(canvas.bounds), with: .black)
    }
    #expect(open.ink == 100)
  }

  @Test func `a picture at its own size is copied`() {
    var random = Numbers()
    let source = Bitmap(
      size: PixelSize(width: 4, height: 3),
      layout: .rgb,
      samples: (0..<36).map { _ in .random(in: 0...255, using: &random) }
    )
    let result = picture(8, 8) { $0.draw(source, in: Rect(x: 2, y: 3, width: 4, height: 3)) }
    for y in 0..<8 {
      for x in 0..<8 {
        let isInside = (2..<6).contains(x) && (3..<6).contains(y)
        #expect(result.color(x, y) == (isInside ? source.color(x - 2, y - 3) : .white))
      }
    }
  }

  @Test func `an enlarged picture is made of squares`() {
    let source = Bitmap(
      size: PixelSize(width: 2, height: 1),
      layout: .gray,
      samples: [0, 200]
    )
    let result = picture(6, 3) { $0.draw(source, in: Rect(x: 0, y: 0, width: 6, height: 3)) }
    for y in 0..<3 { for x in 0..<6 { #expect(result[x, y, 1] == (x < 3 ? 0 : 200)) } }
  }

  @Test func `transparent pictures lie on white`() {
    let source = Bitmap(size: PixelSize(side: 1), layout: .grayAlpha, samples: [0, 64])
    #expect(RasterCanvas(over: source).bitmap.samples == [191, 191, 191])
  }

  @Test func `drawing far outside is harmless`() {
    let result = picture(5, 5) { canvas in
      canvas.fill(.circle(center: Point(x: -900, y: 1e9), radius: 20), with: .black)
      canvas.draw("far", at: Point(x: 1e7, y: -1e7), style: TextStyle())
      let source = Bitmap(size: PixelSize(side: 1), layout: .gray, samples: [0])
      canvas.draw(source, in: Rect(x: 7, y: 0, width: 3, height: 3))
    }
    #expect(result.ink == 0)
  }
}

import Foundation
import Imaging
import Testing

@testable import Rendering

struct OverlayTests {
  private let size = PixelSize(width: 16, height: 12)

  private var photograph: Bitmap {
    var random = Numbers()
    return Bitmap(
      size: size,
      layout: .rgb,
      samples: (0..<size.area * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    )
  }

  private func map(_ value: Float) -> Image<Float> {
    Image(size: size, layout: .gray, filledWith: [value])
  }

  @Test(arguments: ColorMap.all)
  func `a zero map leaves the photograph unchanged`(colorMap: ColorMap) {
    let overlay = Overlay(colorMap: colorMap, opacity: 1)
    #expect(overlay.blended(map: map(0), over: photograph) == photograph)
  }

  @Test(arguments: ColorMap.all)
  func `opacity zero leaves the photograph unchanged`(colorMap: ColorMap) {
    let overlay = Overlay(colorMap: colorMap, opacity: 0)
    #expect(overlay.blended(map: map(0.8), over: photograph) == photograph)
  }

  @Test(arguments: ColorMap.all)
  func `full strength at full opacity is the colour itself`(colorMap: ColorMap) {
    let overlay = Overlay(colorMap: colorMap, opacity: 1)
    #expect(overlay.blended(map: map(1), over: photograph).color(3, 4) == colorMap.colors[256])
  }

  @Test func `half the opacity is half way to the colour`() {
    let overlay = Overlay(colorMap: .blueRed, opacity: 0.5)
    let result = overlay.blended(map: map(-1), over: photograph).color(5, 6)
    let (below, above) = (photograph.color(5, 6), ColorMap.blueRed.color(at: -1))
    #expect(abs(Int(result.red) * 2 - Int(below.red) - Int(above.red)) <= 1)
    #expect(abs(Int(result.blue) * 2 - Int(below.blue) - Int(above.blue)) <= 1)
  }

  @Test func `stronger values cover more`() {
    let gray = Bitmap(size: size, layout: .gray, filledWith: [128])
    let distances = [0, 0.25, 0.5, 0.75, 1].map { (value: Float) in
      let color = Overlay.signed.blended(map: map(value), over: gray).color(0, 0)
      return 128 - Int(color.green)
    }
    #expect(distances == distances.sorted())
    #expect(distances[0] == 0 && distances[4] > 60)
  }

  @Test func `signs are told apart`() {
    let gray = Bitmap(size: size, layout: .gray, filledWith: [128])
    let positive = Overlay.signed.blended(map: map(0.3), over: gray).color(0, 0)
    let negative = Overlay.signed.blended(map: map(-0.3), over: gray).color(0, 0)
    #expect(positive.red > positive.blue)
    #expect(negative.blue > negative.red)
  }

  @Test func `what was not seen is darker and hatched, and nothing else changes`() {
    let white = Bitmap(size: size, layout: .rgb, filledWith: [255, 255, 255])
    var map = map(0)
    for y in 0..<size.height { for x in 0..<8 { map[x, y] = .nan } }
    let result = Overlay.magnitude.blended(map: map, over: white)
    var shades: Set<Color> = []
    for y in 0..<size.height {
      for x in 0..<8 { shades.insert(result.color(x, y)) }
      for x in 8..<16 { #expect(result.color(x, y) == .white) }
    }
    #expect(shades.count == 2)
    #expect(shades.allSatisfy { $0.red < 160 })
  }

  @Test func `gray and transparent pictures become opaque rgb`() {
    let picture = Bitmap(size: size, layout: .rgba, filledWith: [0, 0, 0, 128])
    let result = Overlay.magnitude.blended(map: map(0), over: picture)
    #expect(result.layout == .rgb)
    #expect(result.color(1, 1) == Color(gray: 127))
  }

  @Test(arguments: [1, 2, 7, 40])
  func `the smallest pictures take a caption`(side: Int) {
    let picture = Bitmap(size: PixelSize(side: side), layout: .rgb, filledWith: [9, 9, 9])
    #expect(picture.captioned("nothing found").size == picture.size)
  }

  @Test func `it survives JSON`() throws {
    let data = try JSONEncoder().encode(Overlay.signed)
    #expect(try JSONDecoder().decode(Overlay.self, from: data) == .signed)
  }
}

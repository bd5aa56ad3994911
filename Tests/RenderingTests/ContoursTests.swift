import Imaging
import Testing

@testable import Rendering

struct ContoursTests {
  private let size = PixelSize(side: 200)

  /// Falls from 1 in the middle by 1 in 100 pixels.
  private var cone: Image<Float> {
    Image(
      size: size, layout: .gray,
      samples: (0..<size.area).map { index in
        let (x, y) = (Float(index % 200) - 99.5, Float(index / 200) - 99.5)
        return max(1 - (x * x + y * y).squareRoot() / 100, 0)
      })
  }

  private func drawn(_ map: Image<Float>, _ colorMap: ColorMap) -> Bitmap {
    var picture = Bitmap(size: size, layout: .rgb, filledWith: [128, 128, 128])
    Contours(colorMap: colorMap).draw(map, on: &picture)
    return picture
  }

  @Test func `lines lie where the map has their levels, and nowhere else`() {
    let picture = drawn(cone, .inferno)
    for (index, value) in cone.samples.enumerated() {
      let distance = Contours.levels.map { abs($0 - value) * 100 }.min() ?? 0
      let red = picture[index % 200, index / 200, 0]
      if distance < 0.3 { #expect(red > 190) }
      if distance > 4 { #expect(red == 128) }
    }
  }

  @Test func `the two sides of zero have lines of different colours`() {
    func ink(_ map: Image<Float>) -> Color { drawn(map, .blueRed).color(149, 100) }
    let (plus, minus) = (ink(cone), ink(cone.mapped { -$0 }))
    #expect(plus.red > plus.blue && minus.blue > minus.red)
  }

  @Test func `a plain and what was not seen have none`() {
    for value in [0, 0.6, 1, Float.nan] {
      let map = Image<Float>(size: size, layout: .gray, filledWith: [value])
      #expect(drawn(map, .viridis).samples.allSatisfy { $0 == 128 })
    }
  }
}

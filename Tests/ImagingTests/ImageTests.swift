import Imaging
import Testing

struct ImageTests {
  @Test func `flattening blends over white and dropping keeps the colour`() {
    let picture = Bitmap(
      size: PixelSize(width: 3, height: 1), layout: .rgba,
      samples: [10, 20, 30, 255, 10, 20, 30, 0, 100, 200, 0, 128])
    #expect(picture.opaque(.drop).samples == [10, 20, 30, 10, 20, 30, 100, 200, 0])
    #expect(picture.opaque(.flatten).samples == [10, 20, 30, 255, 255, 255, 177, 227, 127])
  }

  @Test func `gray becomes colour by repetition`() {
    let gray = Bitmap(size: PixelSize(width: 2, height: 1), layout: .gray, samples: [7, 9])
    #expect(gray.colored.samples == [7, 7, 7, 9, 9, 9])
    #expect(gray.colored.luminance == gray)
  }

  @Test func `a crop beyond the edge is filled`() {
    let picture = Bitmap(size: PixelSize(side: 2), layout: .gray, samples: [1, 2, 3, 4])
    let part = picture.cropped(to: PixelRect(x: 1, y: 1, width: 2, height: 2), filling: [9])
    #expect(part.samples == [4, 9, 9, 9])
  }

  @Test func `code values saturate and round half up`() {
    #expect(UInt8(nearest: 1.5) == 2)
    #expect(UInt8(nearest: -7) == 0)
    #expect(UInt8(nearest: 300) == 255)
    #expect(UInt8(nearest: .nan) == 0)
  }

  @Test func `enlarged maps are straight between positions and flat beyond them`() {
    let map = Image<Float>(
      size: PixelSize(width: 2, height: 1), layout: .gray, samples: [0, 1])
    let wide = map.interpolated(to: PixelSize(width: 8, height: 2))
    #expect((0..<8).map { wide[$0, 1] } == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
  }

  @Test func `shrinking values keeps their mean`() {
    let values = (0..<60).map { Float(($0 * 37) % 101) }
    let map = Image<Float>(size: PixelSize(width: 10, height: 6), layout: .gray, samples: values)
    let small = map.resized(to: PixelSize(width: 5, height: 3), filter: .box)
    let mean = values.reduce(0, +) / 60
    #expect((small.samples.reduce(0, +) / 15 - mean).magnitude < 1e-4)
  }
}

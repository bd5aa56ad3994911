import Foundation
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

  @Test func `a picture is pasted as far as it fits`() {
    let whole = Bitmap(size: PixelSize(width: 3, height: 2), layout: .gray, filledWith: [0])
    let part = Bitmap(size: PixelSize(side: 2), layout: .gray, samples: [1, 2, 3, 4])
    func pasted(_ x: Int, _ y: Int) -> [UInt8] {
      var result = whole
      result.paste(part, x: x, y: y)
      return result.samples
    }
    #expect(pasted(1, 0) == [0, 1, 2, 0, 3, 4])
    #expect(pasted(-1, -1) == [4, 0, 0, 0, 0, 0])
    #expect(pasted(2, 1) == [0, 0, 0, 0, 0, 1])
    #expect(pasted(3, 0) == whole.samples)
  }

  @Test func `floating-point pictures follow the same rules as bytes`() {
    let values: [UInt8] = [0, 51, 102, 255, 204, 153, 255, 0]
    let bytes = Bitmap(size: PixelSize(width: 2, height: 1), layout: .rgba, samples: values)
    let floats = Image<Float>(
      size: bytes.size, layout: .rgba, samples: values.map { Float($0) / 255 })
    func agree(_ a: Bitmap, _ b: Image<Float>) -> Bool {
      a.layout == b.layout
        && zip(a.samples, b.samples).allSatisfy { abs(Float($0) - $1 * 255) <= 0.501 }
    }
    #expect(agree(bytes.opaque(.flatten), floats.opaque(.flatten)))
    #expect(agree(bytes.flattened(over: [0, 255, 51]), floats.flattened(over: [0, 1, 0.2])))
    #expect(agree(bytes.opaque(.drop), floats.opaque(.drop)))
    #expect(agree(bytes.luminance, floats.luminance))
    let size = PixelSize(width: 5, height: 3)
    #expect(agree(bytes.resized(to: size), floats.resized(to: size)))
  }

  @Test(arguments: ResizeFilter.allCases)
  func `each channel is resized by itself`(_ filter: ResizeFilter) {
    let values = (0..<7 * 5 * 4).map { UInt8(truncatingIfNeeded: $0 * $0 * 37) }
    let picture = Bitmap(
      size: PixelSize(width: 7, height: 5), layout: .rgba, samples: values)
    let resized = picture.resized(to: PixelSize(width: 3, height: 8), filter: filter)
    for channel in 0..<4 {
      func plane(_ picture: Bitmap) -> Bitmap {
        let samples = stride(from: channel, to: picture.samples.count, by: 4).map {
          picture.samples[$0]
        }
        return Bitmap(size: picture.size, layout: .gray, samples: samples)
      }
      #expect(plane(picture).resized(to: resized.size, filter: filter) == plane(resized))
    }
  }

  @Test func `a blur keeps a constant picture, and the mean of any other`() {
    let flat = Bitmap(size: PixelSize(width: 5, height: 3), layout: .gray, filledWith: [77])
    let values = (0..<15).map { Float(($0 * 7) % 11) }
    let picture = Image<Float>(size: flat.size, layout: .gray, samples: values)
    for radius: Float in [0, 0.3, 2, 40, 1e6] {
      #expect(flat.blurred(radius: radius) == flat)
      let mean = picture.blurred(radius: radius).samples.reduce(0, +) / 15
      #expect((mean - values.reduce(0, +) / 15).magnitude < 1e-4)
    }
    #expect(picture.blurred(radius: 0) == picture)
  }

  @Test func `sizes and rectangles are checked where they are decoded`() throws {
    func decodes<Value: Decodable>(_ type: Value.Type, _ json: String) -> Bool {
      (try? JSONDecoder().decode(type, from: Data(json.utf8))) != nil
    }
    #expect(decodes(PixelSize.self, #"{"width":2,"height":3}"#))
    #expect(!decodes(PixelSize.self, #"{"width":0,"height":3}"#))
    #expect(!decodes(PixelSize.self, #"{"width":2,"height":-3}"#))
    #expect(!decodes(PixelSize.self, #"{"width":2,"height":9223372036854775807}"#))
    #expect(decodes(PixelRect.self, #"{"x":-5,"y":0,"width":2,"height":3}"#))
    #expect(!decodes(PixelRect.self, #"{"x":9223372036854775807,"y":0,"width":2,"height":3}"#))
    #expect(!decodes(PixelRect.self, #"{"x":0,"y":0,"width":0,"height":3}"#))
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

import Foundation
import Imaging
import Testing

/// Results that must equal Pillow's, sample by sample.
struct PillowTests {
  struct Entry: Decodable {
    let width: Int
    let height: Int
    let samples: [UInt8]

    func image(_ layout: ChannelLayout = .rgb) -> Bitmap {
      Bitmap(size: PixelSize(width: width, height: height), layout: layout, samples: samples)
    }
  }

  struct Golden: Decodable {
    let picture: Entry
    let luminance: Entry
    let resized: [String: Entry]
    let boxed: [String: Entry]
    let blurred: [String: Entry]
    let oriented: [String: Entry]
  }

  let golden: Golden

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "pillow", withExtension: "json", subdirectory: "Golden"))
    golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }

  @Test(arguments: ResizeFilter.allCases)
  func `resizing equals Pillow's to the bit`(_ filter: ResizeFilter) throws {
    let cases = golden.resized.filter { $0.key.hasPrefix("\(filter.rawValue) ") }
    try #require(cases.count == 5)
    for (name, expected) in cases {
      let found = golden.picture.image().resized(to: expected.image().size, filter: filter)
      #expect(found == expected.image(), "\(name)")
    }
  }

  /// Pillow takes no box for `nearest`.
  @Test(arguments: ResizeFilter.allCases.filter { $0 != .nearest })
  func `resizing a box equals Pillow's to the bit`(_ filter: ResizeFilter) throws {
    let expected = try #require(golden.boxed[filter.rawValue]).image()
    let box = PixelRect(x: 3, y: 2, width: 10, height: 9)
    #expect(
      golden.picture.image().resized(to: expected.size, from: box, filter: filter) == expected)
  }

  @Test(arguments: ["0.4", "1.5", "6.0"])
  func `blurring equals SciPy's`(_ radius: String) throws {
    let expected = try #require(golden.blurred[radius]).image()
    let found = golden.picture.image().blurred(radius: try #require(Float(radius)))
    #expect(found.size == expected.size)
    // Sums in Float may fall to the other side of a half.
    #expect(zip(found.samples, expected.samples).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(zip(found.samples, expected.samples).count { $0 != $1 } <= 2)
  }

  @Test(arguments: Orientation.allCases)
  func `EXIF orientations turn as Pillow's do`(_ orientation: Orientation) throws {
    let expected = try #require(golden.oriented["\(orientation.rawValue)"])
    #expect(golden.picture.image().oriented(orientation) == expected.image())
  }

  @Test func `luminance equals mode L`() {
    #expect(golden.picture.image().luminance == golden.luminance.image(.gray))
  }

  @Test func `a part of the resized picture is that part of the whole`() throws {
    let picture = golden.picture.image()
    let window = PixelRect(x: 7, y: 3, width: 12, height: 20)
    for scaled in [(40, 31), (17, 30), (30, 13 * 2)] {
      let size = PixelSize(width: scaled.0, height: scaled.1)
      let placement = Placement(picture: picture.size, scaled: size, window: window)
      let expected = picture.resized(to: size).cropped(to: window, filling: [128, 128, 128])
      #expect(placement.input(from: picture) == expected)
    }
  }
}

import Imaging
import Testing

@testable import ImageCodecs

struct ExifOrientationTests {
  /// A TIFF block with one entry.
  private func block(
    littleEndian: Bool = true, tag: Int = 0x0112, type: Int = 3, value: Int = 6, directory: Int = 8
  ) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      let digits = bigEndian(value).suffix(count)
      return littleEndian ? digits.reversed() : Array(digits)
    }
    return Array((littleEndian ? "II" : "MM").utf8) + number(42, 2) + number(directory, 4)
      + number(1, 2) + number(tag, 2) + number(type, 2) + number(1, 4) + number(value, 2)
      + [0, 0] + number(0, 4)
  }

  @Test(arguments: Orientation.allCases, [false, true])
  func `each value is read in either byte order`(orientation: Orientation, littleEndian: Bool) {
    let bytes = block(littleEndian: littleEndian, value: orientation.rawValue)
    #expect(Orientation(exif: bytes[...]) == orientation)
  }

  @Test func `offsets count from the start of the block, wherever it lies`() {
    let bytes = [1, 2, 3] + block(value: 3)
    #expect(Orientation(exif: bytes[3...]) == .upsideDown)
  }

  @Test func `other values, types and tags give none`() {
    #expect(Orientation(exif: block(value: 0)[...]) == nil)
    #expect(Orientation(exif: block(value: 9)[...]) == nil)
    #expect(Orientation(exif: block(type: 2)[...]) == nil)
    #expect(Orientation(exif: block(tag: 0x0111)[...]) == nil)
  }

  @Test func `a directory outside the block gives none`() {
    for directory in [25, 26, 1000, 0x7FFF_FFFF, 0xFFFF_FFFF] {
      #expect(Orientation(exif: block(directory: directory)[...]) == nil)
    }
  }

  @Test func `a block cut before the value gives none`() {
    // The value ends at byte 20; the rest of the block is not needed.
    for count in 0..<20 { #expect(Orientation(exif: block().prefix(count)) == nil) }
    #expect(Orientation(exif: block().prefix(20)) == .turnedLeft)
  }
}

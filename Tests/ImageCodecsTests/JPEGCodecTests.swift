import ImageCodecs
import Imaging
import Testing

struct JPEGCodecTests {
  /// Smooth, as a JPEG likes it.
  private func slope(_ layout: ChannelLayout) -> Bitmap {
    var bitmap = Bitmap(
      size: PixelSize(width: 45, height: 31), layout: layout,
      filledWith: Array(repeating: 255, count: layout.channels))
    for y in 0..<31 {
      for x in 0..<45 {
        for channel in 0..<layout.opaque.channels {
          bitmap[x, y, channel] = UInt8([5 * x, 8 * y, 3 * x + 3 * y][channel])
        }
      }
    }
    return bitmap
  }

  @Test(arguments: [ChannelLayout.gray, .rgb])
  func `what is written is read again nearly the same`(layout: ChannelLayout) throws {
    let image = try ImageCodecs.decode(JPEGCodec.encode(slope(layout), quality: 1))
    #expect(image.format == .jpeg)
    #expect(image.bitmap.size == slope(layout).size)
    #expect(image.bitmap.layout == layout)
    // Colour is stored at half the resolution: at the borders of a slope of 8 per pixel it errs by
    // about one step.
    let difference = largestDifference(image.bitmap.samples, slope(layout).samples)
    #expect(difference <= (layout == .gray ? 2 : 10))
  }

  @Test(arguments: [ChannelLayout.grayAlpha, .rgba])
  func `alpha is blended over white`(layout: ChannelLayout) throws {
    let clear = Bitmap(
      size: PixelSize(side: 8), layout: layout,
      filledWith: Array(repeating: 0, count: layout.channels))
    let image = try ImageCodecs.decode(JPEGCodec.encode(clear))
    #expect(image.bitmap.layout == layout.opaque)
    #expect(image.bitmap.samples.allSatisfy { $0 == 255 })
  }

  @Test func `better quality takes more bytes`() throws {
    let counts = try [-1, 0, 0.5, 0.9, 1, 2, .nan].map { quality in
      try JPEGCodec.encode(slope(.rgb), quality: quality).count
    }
    #expect(counts[0] == counts[1])
    #expect(counts[1] < counts[2] && counts[2] < counts[3] && counts[3] < counts[4])
    #expect(counts[4] == counts[5])
  }

  @Test func `a side beyond the format is refused`() {
    let wide = Bitmap(size: PixelSize(width: 65_501, height: 1), layout: .gray, filledWith: [0])
    let reason = "Maximum supported image dimension is 65500 pixels"
    #expect(throws: CodecError.unencodable(.jpeg, reason: reason)) { try JPEGCodec.encode(wide) }
  }
}

import ImageCodecs
import Imaging
import TestSupport
import Testing

struct ImageCodecsTests {
  @Test func `the list of golden files is complete`() {
    #expect(GoldenFile.all.count == 51)
  }

  @Test(arguments: GoldenFile.all)
  func `a file gives its pixels`(_ golden: GoldenFile) throws {
    let image = try ImageCodecs.decode(golden.bytes)
    #expect(image.bitmap.size == golden.size)
    #expect(image.bitmap.layout == golden.layout)
    #expect(image.notes == golden.notes)
    let expected = try golden.pixels
    try #require(image.bitmap.samples.count == expected.count)
    #expect(largestDifference(image.bitmap.samples, expected) <= golden.tolerance)
  }

  @Test(arguments: GoldenFile.all)
  func `the header tells what decoding will give`(_ golden: GoldenFile) throws {
    let header = try ImageCodecs.probe(golden.bytes)
    #expect(header.format.rawValue.first == golden.name.suffix(3).first)
    #expect(header.uprightSize == golden.size)
    #expect(header.layout == golden.layout)
    #expect(header.bitDepth == golden.bitDepth)
    #expect(header.isProgressive == golden.isProgressive)
    #expect(header.orientation == golden.orientation)
  }

  @Test func `orientation can be left alone`() throws {
    let bytes = try GoldenFile.read("jpeg-exif6.jpg")
    let stored = try ImageCodecs.decode(bytes, orientation: .ignore)
    let upright = try ImageCodecs.decode(bytes)
    #expect(stored.bitmap.size == PixelSize(width: 24, height: 16))
    #expect(stored.notes.isEmpty)
    #expect(stored.bitmap.oriented(.turnedLeft) == upright.bitmap)
  }

  // MARK: - Limits

  /// A complete-looking PNG that has next to no pixels.
  private func png(width: Int, height: Int) -> [UInt8] {
    ImageFormat.png.signatureBytes
      + pngChunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0])
      + pngChunk("IDAT", [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]) + pngChunk("IEND", [])
  }

  @Test(arguments: [(60_000, 60_000), (2_000_000, 1), (1, 0x7FFF_FFFF), (0x7FFF_FFFF, 0x7FFF_FFFF)])
  func `a header beyond the limit is refused with both sizes`(width: Int, height: Int) throws {
    // The largest would be 2⁶⁴ bytes: reaching for them would end the test run.
    let size = PixelSize(width: width, height: height)
    let error = #expect(throws: CodecError.limitExceeded(size, limit: .standard)) {
      try ImageCodecs.decode(png(width: width, height: height))
    }
    #expect(error?.description.contains(size.description) == true)
    #expect(error?.description.contains("100000000") == true)
    #expect(try ImageCodecs.probe(png(width: width, height: height)).size == size)
  }

  @Test func `a JPEG header beyond the limit is refused`() throws {
    var bytes = try GoldenFile.read("jpeg-444.jpg")
    let frame = try #require(
      bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
    let size = PixelSize(side: 60_000)
    #expect(throws: CodecError.limitExceeded(size, limit: .standard)) {
      try ImageCodecs.decode(bytes)
    }
  }

  @Test func `the limit is inclusive and can be moved`() throws {
    let bytes = try GoldenFile.read("jpeg-444.jpg")
    let size = PixelSize(width: 37, height: 22)
    #expect(try ImageCodecs.decode(bytes, limit: .init(pixels: 814)).bitmap.size == size)
    #expect(try ImageCodecs.decode(bytes, limit: .init(side: 37)).bitmap.size == size)
    for limit in [DecodeLimit(pixels: 813), DecodeLimit(side: 36)] {
      #expect(throws: CodecError.limitExceeded(size, limit: limit)) {
        try ImageCodecs.decode(bytes, limit: limit)
      }
    }
  }

  // MARK: - Bad bytes

  @Test func `no bytes are said to be no bytes`() {
    #expect(throws: CodecError.empty) { try ImageCodecs.decode([]) }
  }

  @Test(arguments: [
    ("GIF89a", "GIF"), ("BM....", "BMP"), ("RIFF\0\0\0\0WEBPVP8 ", "WebP"),
    ("\0\0\0\u{1C}ftypheic", "HEIC"),
  ])
  func `other formats are named`(beginning: String, name: String) {
    #expect(throws: CodecError.unrecognizedFormat(name: name)) {
      try ImageCodecs.decode(Array(beginning.utf8))
    }
  }

  @Test func `what is no picture is unrecognized`() {
    #expect(throws: CodecError.unrecognizedFormat(name: nil)) {
      try ImageCodecs.decode(Array("hello, world".utf8))
    }
  }

  @Test(arguments: [
    ("rgb8.png", ImageFormat.png), ("rgb8-interlaced.png", .png), ("jpeg-444.jpg", .jpeg),
    ("jpeg-progressive.jpg", .jpeg),
  ])
  func `a file cut anywhere is refused`(name: String, format: ImageFormat) throws {
    let bytes = try GoldenFile.read(name)
    // A PNG is whole once its last IDAT chunk is; the twelve bytes of IEND may be missing.
    let end = format == .png ? bytes.count - 12 : bytes.count
    for count in 8..<end {
      #expect(throws: CodecError.self) { try ImageCodecs.decode(Array(bytes[..<count])) }
    }
    #expect(throws: CodecError.truncated(format)) {
      try ImageCodecs.decode(Array(bytes[..<(end * 3 / 4)]))
    }
  }

  @Test(arguments: [
    "rgb8.png", "rgba8-interlaced.png", "palette8.png", "jpeg-444.jpg", "jpeg-gray.jpg",
  ])
  func `where it is allowed, a file that is cut is read as far as it goes`(name: String) throws {
    let bytes = try GoldenFile.read(name)
    let whole = try ImageCodecs.decode(bytes).bitmap
    #expect(try ImageCodecs.decode(bytes, truncation: .allow) == ImageCodecs.decode(bytes))
    var readCount = 0
    for count in 8..<bytes.count - 12 {
      let cut = Array(bytes[..<count])
      guard let image = try? ImageCodecs.decode(cut, truncation: .allow) else { continue }
      #expect(image.notes.contains(.truncated))
      #expect(image.bitmap.size == whole.size && image.bitmap.layout == whole.layout)
      // Memory that was not written would differ from time to time.
      #expect(try ImageCodecs.decode(cut, truncation: .allow) == image)
      readCount += 1
    }
    #expect(readCount > 10)
  }

  @Test func `of a file that is cut late the upper rows are right`() throws {
    let bytes = try GoldenFile.read("rgb8.png")
    let whole = try ImageCodecs.decode(bytes).bitmap
    let cut = try ImageCodecs.decode(Array(bytes.dropLast(40)), truncation: .allow).bitmap
    #expect(
      (0..<whole.width).allSatisfy { x in (0..<3).allSatisfy { cut[x, 0, $0] == whole[x, 0, $0] } })
  }

  @Test(arguments: ["rgb8.png", "jpeg-444.jpg"])
  func `of a file without any pixels nothing can be read`(name: String) throws {
    let bytes = try GoldenFile.read(name)
    for count in [0, 8, 16, 30] {
      #expect(throws: CodecError.self) {
        try ImageCodecs.decode(Array(bytes[..<count]), truncation: .allow)
      }
    }
  }

  // MARK: - Reduced decoding

  @Test(arguments: [(2, 1), (1, 2), (0.5, 4), (0.3, 4), (0.25, 8), (0.001, 8), (3, 1)])
  func `a JPEG is decoded to the smallest size that is large enough`(
    factor: Double, divisor: Int
  ) throws {
    // A smooth slope of 200 x 120 pixels, as a JPEG likes it.
    var slope = Bitmap(size: PixelSize(width: 200, height: 120), layout: .gray, filledWith: [0])
    for y in 0..<120 { for x in 0..<200 { slope[x, y] = UInt8(x / 2 + y) } }
    let bytes = try JPEGCodec.encode(slope, quality: 1)
    let image = try ImageCodecs.decode(
      bytes,
      reducingTo: { full in
        #expect(full == slope.size)
        return PixelSize(width: max(Int(100 * factor), 1), height: max(Int(60 * factor), 1))
      })
    #expect(image.bitmap.size == PixelSize(width: 200 / divisor, height: 120 / divisor))
    #expect(image.notes == (divisor > 1 ? [.reduced] : []))
    #expect(image.header.size == slope.size)
    let shrunk = slope.resized(to: image.bitmap.size, filter: .box)
    #expect(largestDifference(image.bitmap.samples, shrunk.samples) <= 3)
  }

  @Test func `a JPEG that is turned is reduced as it stands upright, and a PNG never`() throws {
    let turned = try ImageCodecs.decode(
      try GoldenFile.read("jpeg-exif6.jpg"), reducingTo: { _ in PixelSize(width: 8, height: 12) })
    #expect(turned.bitmap.size == PixelSize(width: 8, height: 12))
    let bytes = try GoldenFile.read("rgb8.png")
    let png = try ImageCodecs.decode(bytes, reducingTo: { _ in PixelSize(side: 1) })
    #expect(try png == ImageCodecs.decode(bytes))
  }

  @Test func `a wrong checksum of pixels is refused`() throws {
    var bytes = try GoldenFile.read("rgb8.png")
    bytes[bytes.count - 13] ^= 1
    #expect(throws: CodecError.corrupt(.png, reason: "IDAT: CRC error")) {
      try ImageCodecs.decode(bytes)
    }
  }

  @Test func `a JPEG of very many passes is refused`() throws {
    let bytes = try GoldenFile.read("jpeg-progressive.jpg")
    // Each pass begins with a scan header; the last one is repeated until it is too much.
    let starts = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
    let last = try #require(starts.last)
    let scan = bytes[last..<bytes.count - 2]
    let bomb = bytes[..<last] + Array(repeating: scan, count: 200).joined() + [0xFF, 0xD9]
    #expect(throws: CodecError.unsupported(.jpeg, reason: "the picture has more than 100 passes")) {
      try ImageCodecs.decode(Array(bomb))
    }
  }

  @Test func `damaged JPEG data are patched with a note`() throws {
    var bytes = try GoldenFile.read("jpeg-restarts.jpg")
    let restart = try #require(
      bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD0 })
    bytes.removeSubrange(restart - 12..<restart)
    let image = try ImageCodecs.decode(bytes)
    #expect(image.notes == [.damagePatched])
    #expect(image.bitmap.size == PixelSize(width: 37, height: 22))
  }
}

extension ImageFormat {
  var signatureBytes: [UInt8] {
    self == .png ? [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] : [0xFF, 0xD8, 0xFF]
  }
}

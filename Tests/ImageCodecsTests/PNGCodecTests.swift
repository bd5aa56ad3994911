import ImageCodecs
import Imaging
import TestSupport
import Testing

struct PNGCodecTests {
  private func noise(_ size: PixelSize, _ layout: ChannelLayout) -> Bitmap {
    var random = TestRandom(7)
    return Bitmap(
      size: size, layout: layout,
      samples: (0..<size.area * layout.channels).map { _ in .random(in: 0...255, using: &random) })
  }

  @Test(arguments: ChannelLayout.allCases, [(1, 1), (1, 40), (40, 1), (33, 17)])
  func `what is written is read again`(layout: ChannelLayout, sides: (Int, Int)) throws {
    let bitmap = noise(PixelSize(width: sides.0, height: sides.1), layout)
    let image = try ImageCodecs.decode(PNGCodec.encode(bitmap))
    #expect(image.bitmap == bitmap)
    #expect(image.format == .png)
    #expect(image.notes.isEmpty)
  }

  @Test func `equal bitmaps make equal bytes`() throws {
    let bitmap = noise(PixelSize(width: 64, height: 64), .rgb)
    let text = [(keyword: "Tidemark", text: "{}")]
    #expect(try PNGCodec.encode(bitmap, text: text) == PNGCodec.encode(bitmap, text: text))
  }

  @Test func `texts come back, in any script and length`() throws {
    let texts = [
      (keyword: "Tidemark", text: #"{"method": "gradient"}"#),
      (keyword: "Title", text: "Flüsse und Meere — 川と海"),
      (keyword: "Empty", text: ""),
      (keyword: "Long", text: String(repeating: "tide ", count: 100_000)),
    ]
    let bytes = try PNGCodec.encode(noise(PixelSize(side: 3), .rgb), text: texts)
    #expect(
      ImageCodecs.textEntries(of: bytes)
        == Dictionary(uniqueKeysWithValues: texts.map { ($0.keyword, $0.text) }))
    #expect(try ImageCodecs.decode(bytes).bitmap == noise(PixelSize(side: 3), .rgb))
  }

  @Test(arguments: [
    "", " Title", "Title ", "A  B", "Größe", "Line\nbreak", String(repeating: "k", count: 80),
  ])
  func `a keyword that does not fit is refused`(keyword: String) {
    #expect(throws: CodecError.self) {
      try PNGCodec.encode(noise(PixelSize(side: 1), .gray), text: [(keyword, "text")])
    }
  }

  @Test func `a text with a zero is refused`() {
    #expect(
      throws: CodecError.unencodable(.png, reason: #"the text of "Title" contains a zero"#)
    ) {
      try PNGCodec.encode(noise(PixelSize(side: 1), .gray), text: [("Title", "a\0b")])
    }
  }
}

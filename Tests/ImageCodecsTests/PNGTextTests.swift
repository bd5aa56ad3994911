import ImageCodecs
import Testing

struct PNGTextTests {
  private func entries(_ chunks: [UInt8]...) -> [String: String] {
    ImageCodecs.textEntries(of: ImageFormat.png.signatureBytes + chunks.joined())
  }

  private let plain = pngChunk("tEXt", Array("Author\0".utf8) + [0x4A, 0xF6])

  @Test func `plain texts are Latin-1`() {
    #expect(entries(plain) == ["Author": "Jö"])
  }

  @Test func `international texts are UTF-8, behind language and translated keyword`() {
    let chunk = pngChunk("iTXt", Array("Author\0\0\0de\0Verfasser\0Jö".utf8))
    #expect(entries(chunk) == ["Author": "Jö"])
  }

  @Test func `compressed texts are left alone`() {
    let international = pngChunk("iTXt", Array("Author\0\u{1}\0\0\0??".utf8))
    #expect(entries(international, pngChunk("zTXt", Array("Author\0\0??".utf8))).isEmpty)
  }

  @Test func `of several texts the first counts`() {
    #expect(entries(plain, pngChunk("tEXt", Array("Author\0later".utf8))) == ["Author": "Jö"])
  }

  @Test func `malformed texts are passed over`() {
    let nameless = pngChunk("tEXt", Array("\0text".utf8))
    let endless = pngChunk("tEXt", Array("no zero".utf8))
    let short = pngChunk("iTXt", Array("Title\0\0\0de".utf8))
    #expect(entries(nameless, endless, short, plain) == ["Author": "Jö"])
  }

  @Test func `a chunk that claims more than there is ends the search`() {
    #expect(entries(plain, [0xFF, 0xFF, 0xFF, 0xFF] + Array("tEXtA\0b".utf8)) == ["Author": "Jö"])
    for count in 0..<plain.count - 4 {
      #expect(entries(Array(plain[..<count])).isEmpty)
    }
  }

  @Test func `other files have no texts`() throws {
    #expect(ImageCodecs.textEntries(of: []).isEmpty)
    #expect(ImageCodecs.textEntries(of: try GoldenFile.read("jpeg-444.jpg")).isEmpty)
  }
}

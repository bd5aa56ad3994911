/// A keyword and its text within an image file.
public struct TextEntry: Sendable, Hashable {
  /// 1 to 79 letters, such as `Title` or `Software`.
  public let keyword: String
  /// The text.
  public let text: String

  /// An entry to write. Traps unless the keyword has 1 to 79 printable ASCII characters without
  /// spaces at its ends, which every reader takes.
  public init(keyword: String, text: String) {
    precondition(
      (1...79).contains(keyword.utf8.count)
        && keyword.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        && keyword.first != " " && keyword.last != " ",
      "'\(keyword)' cannot be a keyword: it takes 1 to 79 printable ASCII characters")
    self.keyword = keyword
    self.text = text
  }

  /// Reads a `tEXt` chunk, or an `iTXt` chunk that is not compressed; nil for anything else.
  init?(_ chunk: PNGChunks.Chunk) {
    let keyword = chunk.body.prefix { $0 != 0 }
    let rest = chunk.body.dropFirst(keyword.count + 1)
    guard (1...79).contains(keyword.count), keyword.count < chunk.body.count else { return nil }
    switch chunk.type {
    case "tEXt":
      text = Self.latin1(rest)
    case "iTXt":
      // Compression flag and method, then language and translated keyword, each ended by a zero.
      guard rest.first == 0 else { return nil }
      let parts = rest.dropFirst(2).split(
        separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      text = String(decoding: parts[2], as: UTF8.self)
    default: return nil
    }
    self.keyword = Self.latin1(keyword)
  }

  /// The payload of an `iTXt` chunk, not compressed, of no language.
  var payload: [UInt8] { Array(keyword.utf8) + [0, 0, 0, 0, 0] + Array(text.utf8) }

  private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
    String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}

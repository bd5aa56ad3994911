/// The texts in a PNG file, by keyword.
enum PNGText {
  /// Texts that are stored plainly (tEXt, and iTXt without compression); the first of each keyword.
  static func entries(of bytes: [UInt8]) -> [String: String] {
    var entries: [String: String] = [:]
    for chunk in PNGChunks(bytes) {
      guard let (keyword, text) = entry(of: chunk), entries[keyword] == nil else { continue }
      entries[keyword] = text
    }
    return entries
  }

  private static func entry(of chunk: PNGChunks.Chunk) -> (keyword: String, text: String)? {
    guard chunk.type == "tEXt" || chunk.type == "iTXt",
      let (keyword, content) = split(chunk.content), (1...79).contains(keyword.count)
    else { return nil }
    if chunk.type == "tEXt" { return (latin1(keyword), latin1(content)) }
    // Compression flag and method, language, translated keyword, text.
    guard content.number(at: 0, bytes: 1) == 0,
      let (_, afterLanguage) = split(content.dropFirst(2)),
      let (_, text) = split(afterLanguage)
    else { return nil }
    return (latin1(keyword), String(decoding: text, as: UTF8.self))
  }

  /// What stands before and after the first zero.
  private static func split(
    _ bytes: ArraySlice<UInt8>
  ) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    guard let zero = bytes.firstIndex(of: 0) else { return nil }
    return (bytes[..<zero], bytes[(zero + 1)...])
  }

  private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
    String(String.UnicodeScalarView(bytes.map { UnicodeScalar($0) }))
  }

  /// Why an entry cannot be written; nil if it can.
  ///
  /// The specification allows Latin-1 in keywords; ASCII is enough for ours.
  static func flaw(keyword: String, text: String) -> String? {
    let isPlain = keyword.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    if !isPlain || !(1...79).contains(keyword.utf8.count) || keyword.hasPrefix(" ")
      || keyword.hasSuffix(" ") || keyword.contains("  ")
    {
      return """
        a keyword has 1 to 79 printable ASCII characters and single spaces inside only, \
        got \"\(keyword)\"
        """
    }
    return text.utf8.contains(0) ? "the text of \"\(keyword)\" contains a zero" : nil
  }
}

import Foundation
import ImageCodecs

/// What can be told of a file without decoding it.
enum PictureFile {
  /// Endings of pictures' names. Formats that cannot be decoded are among them, since a picture that
  /// is passed over without a word is worse than one that is listed as failed.
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif",
    "avif",
  ]

  static func hasPictureName(_ path: String) -> Bool {
    guard let dot = path.lastIndex(of: ".") else { return false }
    return endings.contains(path[path.index(after: dot)...].lowercased())
  }

  /// Whether the first bytes are those of a PNG or JPEG file.
  static func beginsAsPicture(_ file: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: file) else { return false }
    defer { try? handle.close() }
    return ImageFormat(signatureOf: Array((try? handle.read(upToCount: 8)) ?? Data())) != nil
  }

  /// The keyword of the text that all our PNGs carry.
  static let keyword = "Tidemark"

  /// Whether this program made the file: a PNG with a text chunk of our keyword.
  static func isOurs(_ file: String) -> Bool { ownText(of: file) != nil }

  /// The text that we put into a PNG, or nil where there is none.
  ///
  /// Walks the chunks and reads nothing but their headers and the text; at most 4096 chunks and a
  /// text of 1 MiB.
  static func ownText(of file: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
    defer { try? handle.close() }
    guard ImageFormat(signatureOf: Array((try? handle.read(upToCount: 8)) ?? Data())) == .png
    else { return nil }
    var position: UInt64 = 8
    let prefix = Data("\(keyword)\0".utf8)
    for _ in 0..<4096 {
      guard (try? handle.seek(toOffset: position)) != nil,
        let header = try? handle.read(upToCount: 8), header.count == 8
      else { return nil }
      let length = header.prefix(4).reduce(0) { $0 << 8 | UInt64($1) }
      if header.suffix(4).elementsEqual("iTXt".utf8), length <= 1 << 20,
        let content = try? handle.read(upToCount: Int(length)), content.starts(with: prefix)
      {
        // Keyword, 0, compression flag and method, then two texts that we leave empty.
        return String(decoding: content.dropFirst(prefix.count + 4), as: UTF8.self)
      }
      if header.suffix(4).elementsEqual("IEND".utf8) { return nil }
      position += 12 + length
    }
    return nil
  }
}

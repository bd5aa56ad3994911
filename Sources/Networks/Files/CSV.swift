/// Comma-separated values as RFC 4180 has them.
package enum CSV {
  /// One line with its end. Fields are quoted where they must be.
  package static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\r\n"
  }

  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return field
    }
    return "\"\(field.replacing("\"", with: "\"\""))\""
  }

  /// A record and the number of the line that it starts on, from 1.
  package struct Record: Equatable {
    package let line: Int
    package let fields: [String]
  }

  /// Reads records; lines may end in CR LF or LF, and empty lines are passed over. Throws for a quote
  /// that does not close, and for text between a closing quote and the next comma.
  package static func records(_ text: String) throws(CSVError) -> [Record] {
    var reader = Reader(bytes: Array(text.utf8))
    if reader.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    var records: [Record] = []
    while reader.position < reader.bytes.count {
      let record = try reader.record()
      if record.fields != [""] { records.append(record) }
    }
    return records
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0
    var line = 1

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func record() throws(CSVError) -> Record {
      let start = line
      var fields = [try field()]
      while next == UInt8(ascii: ",") {
        position += 1
        fields.append(try field())
      }
      if next == UInt8(ascii: "\r") { position += 1 }
      if next == UInt8(ascii: "\n") { position += 1 }
      line += 1
      return Record(line: start, fields: fields)
    }

    private mutating func field() throws(CSVError) -> String {
      var field: [UInt8] = []
      guard next == UInt8(ascii: "\"") else {
        while let byte = next, !isEnd(byte) {
          field.append(byte)
          position += 1
        }
        return String(decoding: field, as: UTF8.self)
      }
      let start = line
      position += 1
      while let byte = next {
        position += 1
        if byte == UInt8(ascii: "\"") {
          if next != UInt8(ascii: "\"") {
            guard next.map(isEnd) ?? true else {
              throw CSVError(line: line, reason: "text follows a closing quote")
            }
            return String(decoding: field, as: UTF8.self)
          }
          position += 1
        } else if byte == UInt8(ascii: "\n") {
          line += 1
        }
        field.append(byte)
      }
      throw CSVError(line: start, reason: "a quote is not closed")
    }

    /// Whether a byte ends an unquoted field.
    private func isEnd(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "\n"): true
      case UInt8(ascii: "\r"):
        position + 1 == bytes.count || bytes[position + 1] == UInt8(ascii: "\n")
      default: false
      }
    }
  }
}

/// Why text is no table.
package struct CSVError: Error, Equatable {
  package let line: Int
  package let reason: String
}

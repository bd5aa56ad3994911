import Foundation

/// How this module writes JSON: sorted keys, so that equal values are equal bytes, and numbers that are
/// not finite as texts, since JSON has none.
enum JSONText {
  /// Indented, with a line end.
  static func page(_ value: some Encodable) throws -> Data {
    try encoder([.prettyPrinted]).encode(value) + Data("\n".utf8)
  }

  /// On one line, without its end.
  static func line(_ value: some Encodable) throws -> Data { try encoder([]).encode(value) }

  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }

  /// Why something could not be read, as a user can use it.
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (path.isEmpty ? "" : "'\(path)': ") + context.debugDescription
    default: return error.localizedDescription
    }
  }

  private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}

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
    func reason(_ text: String, at context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
      return (path.isEmpty ? "" : "'\(path.joined(separator: "."))': ") + text
    }
    switch error {
    case DecodingError.typeMismatch(let type, let context),
      DecodingError.valueNotFound(let type, let context):
      return reason("expected \(kind(of: type)), found something else", at: context)
    case DecodingError.dataCorrupted(let context), DecodingError.keyNotFound(_, let context):
      return reason(context.debugDescription, at: context)
    default: return ArtifactStore.reason(error)
    }
  }

  /// What JSON calls the values that become a type.
  private static func kind(of type: any Any.Type) -> String {
    switch type {
    case is any BinaryFloatingPoint.Type: "a number"
    case is any BinaryInteger.Type: "a whole number"
    case is String.Type: "a text in quotes"
    case is [Any].Type: "a list in brackets"
    default: "an object in braces"
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

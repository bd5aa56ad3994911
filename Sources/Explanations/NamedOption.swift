/// An option that is one of a few words.
///
/// A word that is none of them is refused with all that there are.
public protocol NamedOption: RawRepresentable<String>, Sendable, Codable, CaseIterable {}

extension NamedOption {
  /// All words, for help and errors.
  package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  public init(from decoder: any Decoder) throws {
    let name = try String(from: decoder)
    guard let option = Self(rawValue: name) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "there are \(Self.names)"))
    }
    self = option
  }
}

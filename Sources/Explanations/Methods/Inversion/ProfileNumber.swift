/// A number that the user sets, or that a profile knows: `auto`.
public enum ProfileNumber: Sendable, Hashable, Codable {
  /// Encoded as `auto`.
  case ofProfile
  case set(Double)

  public init(from decoder: any Decoder) throws {
    let text = try String(from: decoder)
    if text == "auto" {
      self = .ofProfile
    } else if let number = Double(text), number.isFinite {
      self = .set(number)
    } else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath, debugDescription: "it takes a number, or auto"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .ofProfile: try "auto".encode(to: encoder)
    case .set(let number): try "\(number)".encode(to: encoder)
    }
  }

  /// The number, or the profile's.
  func value(_ ofProfile: Double) -> Double {
    switch self {
    case .ofProfile: ofProfile
    case .set(let number): number
    }
  }
}

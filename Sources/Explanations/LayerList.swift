public import Networks

/// Layers that the user names one after the other, such as `features.4,features.8`; none where the
/// text is empty.
public struct LayerList: Sendable, Hashable, Codable {
  public var names: [LayerName]

  public init(_ names: LayerName...) { self.names = names }

  /// Names with commas between them.
  public init(text: String) {
    names = text.split(separator: ",").map { name in
      LayerName(String(name.drop(while: \.isWhitespace)))
    }
  }

  public init(from decoder: any Decoder) throws {
    self.init(text: try String(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    try names.map(\.description).joined(separator: ",").encode(to: encoder)
  }
}

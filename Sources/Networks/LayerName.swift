/// Names the tensor that a layer produces. Networks from files keep the names they have there.
public struct LayerName: Hashable, Sendable, Codable, Comparable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public let description: String

  public init(_ name: String) { description = name }
  public init(stringLiteral value: String) { self.init(value) }

  /// The picture as every method sees it: values 0...1, before the network's own scaling.
  public static let input: LayerName = "@input"

  /// Scores before any softmax, `[N, K]`.
  public static let logits: LayerName = "@logits"

  public static func < (a: LayerName, b: LayerName) -> Bool { a.description < b.description }

  public init(from decoder: any Decoder) throws { self.init(try String(from: decoder)) }
  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }
}

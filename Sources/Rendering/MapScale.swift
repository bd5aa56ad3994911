/// What full colour stands for.
public enum MapScale: Sendable, Hashable {
  /// Each picture's own strongest values, beyond the clip's percentile.
  case image
  /// The same raw values for every picture. Magnitudes go from `low` (not below zero) to `high`, maps
  /// with signs from −m to m, m being the larger of |low| and |high|: zero stays in the middle.
  case fixed(low: Float, high: Float)
  /// For each method the largest of the pictures' own scales, so that strengths can be compared
  /// between pictures. The caller finds it; a map drawn by itself is drawn as by `image`.
  case folder
}

extension MapScale: LosslessStringConvertible, Codable {
  /// `image`, `folder`, `fixed:0:0.25`.
  public var description: String {
    switch self {
    case .image: "image"
    case .fixed(let low, let high): "fixed:\(low):\(high)"
    case .folder: "folder"
    }
  }

  /// Reads what `description` writes; nil for all else, and for a fixed scale unless low is below
  /// high, high is above zero and both are finite.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts[0], parts.count) {
    case ("image", 1): self = .image
    case ("folder", 1): self = .folder
    case ("fixed", 3):
      guard let low = Float(parts[1]), let high = Float(parts[2]), low < high, high > 0,
        low.isFinite, high.isFinite
      else { return nil }
      self = .fixed(low: low, high: high)
    default: return nil
    }
  }

  /// Throws for texts that `init(_:)` does not take.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let scale = MapScale(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected image, folder or fixed:LOW:HIGH, found \"\(text)\"")
    }
    self = scale
  }

  /// Writes `description`.
  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }
}

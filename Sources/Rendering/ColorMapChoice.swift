public import Explanations

/// Colours that the user names, or those that suit the map.
public enum ColorMapChoice: Sendable, Hashable, Codable {
  /// Encoded as `auto`: `blueRed` for signed maps, `inferno` for magnitudes, `purpleOrange` for changes.
  case automatic
  case named(ColorMap)

  public init(from decoder: any Decoder) throws {
    let isAutomatic = (try? String(from: decoder)) == "auto"
    self = isAutomatic ? .automatic : .named(try ColorMap(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .automatic: try "auto".encode(to: encoder)
    case .named(let map): try map.encode(to: encoder)
    }
  }

  /// The colours for a map of such values.
  public func colorMap(for sign: AttributionMap.Sign) -> ColorMap {
    switch (self, sign) {
    case (.named(let map), _): map
    case (.automatic, .signed): .blueRed
    case (.automatic, .magnitude): .inferno
    case (.automatic, .change): .purpleOrange
    }
  }
}

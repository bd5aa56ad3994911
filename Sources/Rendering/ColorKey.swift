public import Explanations

/// Colours and what they stand for.
public struct ColorKey: Sendable, Hashable {
  public let colorMap: ColorMap
  /// What the values mean that are drawn in them.
  public let sign: AttributionMap.Sign

  public init(colorMap: ColorMap, sign: AttributionMap.Sign) {
    self.colorMap = colorMap
    self.sign = sign
  }

  /// Whether both look the same in a legend.
  public func hasSameBar(as other: ColorKey) -> Bool {
    colorMap == other.colorMap && ends == other.ends
  }

  /// What its ends mean.
  var ends: (low: String, high: String) {
    switch (colorMap.kind, sign) {
    case (.diverging, .change): ("darker", "brighter")
    case (.diverging, _): ("against the class", "for it")
    default: ("weak", "strong")
    }
  }
}

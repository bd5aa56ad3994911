/// What a measure found for one map: a number, or the reason why there is none.
public struct MeasuredValue: Sendable, Equatable, Codable {
  /// Finite; nil where the measure is undefined for the map.
  public let value: Double?
  /// Why there is no value, as half a sentence.
  public let reason: String?
  /// What the value was made of, such as the points of a curve, by name; finite.
  public let series: [String: [Double]]

  public init(_ value: Double, series: [String: [Double]] = [:]) {
    self.value = value
    reason = nil
    self.series = series
  }

  private init(undefined reason: String) {
    value = nil
    self.reason = reason
    series = [:]
  }

  /// No value, for a reason such as "the map has no positive part".
  public static func undefined(_ reason: String) -> MeasuredValue {
    MeasuredValue(undefined: reason)
  }

  /// The value where there is one, else the reason.
  init(_ value: Double?, orUndefined reason: String) {
    self = value.map { MeasuredValue($0) } ?? .undefined(reason)
  }
}

public import Explanations

/// A number that says something about whether a map can be trusted: its stored properties are its
/// parameters, each with a good default, and `measure` is a pure function of the case.
///
/// Before a measure sees a case, `ConfiguredMeasure` has made sure that the map is finite and not
/// the same everywhere, and that all is there that the measure `needs`; after it, that the value is
/// finite. Where a value is undefined all the same, a measure says so and why, and never returns a
/// number that is none.
///
/// The Codable form is the record of what was measured, and holds no optionals.
public protocol Measure: Sendable, Codable {
  /// What the measure is, for lists and help.
  static var about: MeasureDescription { get }

  /// The defaults.
  init()

  /// Throws `invalidParameter` where a parameter lies outside its range.
  func validate() throws(ExplainerError)

  /// The value for one map. Randomness comes from the subject's seed alone. Throws what the method
  /// throws, where it is asked again.
  func measure(_ measured: MeasuredCase) throws(ExplainerError) -> MeasuredValue
}

extension Measure {
  public func validate() throws(ExplainerError) {}

  static func check(
    _ name: String, _ value: Int, in range: ClosedRange<Int>
  ) throws(ExplainerError) {
    guard range.contains(value) else {
      throw .invalidParameter(
        method: about.name, parameter: name,
        reason: "must be \(range.lowerBound)...\(range.upperBound), found \(value)")
    }
  }

  /// Above the lower bound, at most the upper.
  static func check(
    _ name: String, _ value: Double, above low: Double, atMost high: Double
  ) throws(ExplainerError) {
    guard value > low, value <= high else {
      throw .invalidParameter(
        method: about.name, parameter: name,
        reason: "must be above \(low), at most \(high), found \(value)")
    }
  }
}

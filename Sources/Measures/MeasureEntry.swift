public import Explanations

/// A line of the catalogue: a measure whose type is forgotten, ready to be configured by options.
public struct MeasureEntry: Sendable, CustomStringConvertible {
  public let about: MeasureDescription
  /// The defaults of every option.
  public let defaults: JSONValue
  private let make: @Sendable (MethodOptions) throws(ExplainerError) -> ConfiguredMeasure

  public init<M: Measure>(_ type: M.Type) {
    about = M.about
    // Defaults that cannot be written would fail for every use; the catalogue's tests see to it.
    defaults = (try? JSONValue.encoding(M(), for: M.about.name)) ?? .object([:])
    make = { options throws(ExplainerError) in
      let measure = try options.applied(to: M(), for: M.about.name)
      try measure.validate()
      return ConfiguredMeasure(measure)
    }
  }

  /// The measure with its defaults changed. Throws for unknown options and values out of range.
  public func configured(
    _ options: MethodOptions = MethodOptions()
  ) throws(ExplainerError) -> ConfiguredMeasure {
    try make(options)
  }

  /// The measure's name.
  public var description: String { about.name }

  /// Whether the measure has an option under this dotted key.
  public func hasOption(_ key: String) -> Bool {
    defaults.contains(key.split(separator: ".", omittingEmptySubsequences: false)[...])
  }
}

/// A measure with its parameters set, whose type is forgotten.
public struct ConfiguredMeasure: Sendable {
  public let about: MeasureDescription
  /// All parameters, as they are recorded.
  public let parameters: JSONValue
  private let run: @Sendable (MeasuredCase) throws(ExplainerError) -> MeasuredValue

  public init<M: Measure>(_ measure: M) {
    about = M.about
    parameters = (try? JSONValue.encoding(measure, for: M.about.name)) ?? .object([:])
    run = { measured throws(ExplainerError) in try measure.measure(measured) }
  }

  /// The value for one map; undefined where the map says nothing, or what the measure needs is not
  /// there. Throws what the method throws where it is asked again.
  public func measure(_ measured: MeasuredCase) throws(ExplainerError) -> MeasuredValue {
    if let flaw = measured.flaw ?? measured.lack(among: about.needs) { return .undefined(flaw) }
    let found = try run(measured)
    // A series that is not finite makes the value doubtful, too: the largest of some may pass over it.
    let numbers = [found.value].compactMap(\.self) + found.series.values.joined()
    return numbers.allSatisfy(\.isFinite) ? found : .undefined("the value is not finite")
  }
}

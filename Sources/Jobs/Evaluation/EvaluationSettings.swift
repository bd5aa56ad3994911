public import Measures

/// What an evaluation measures.
public struct EvaluationSettings: Sendable {
  public var measures: [ConfiguredMeasure]
  /// What is known about the pictures; nil for nothing.
  public var truth: TruthTable?
  /// Whether a map of another class than the annotated one is held against the annotation all the same.
  public var countsAnyClass = false

  public init(measures: [ConfiguredMeasure], truth: TruthTable? = nil) {
    self.measures = measures
    self.truth = truth
  }

  /// Whether networks with shuffled parameters are asked for.
  var shufflesNetworks: Bool {
    measures.contains { $0.about.needs.contains(.randomizedNetworks) }
  }
}

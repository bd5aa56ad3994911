public import Explanations

/// The smallest part of the positions that holds most of the map's magnitude.
///
/// For `part` = 0.9: how much of the picture has to be looked at to see nine tenths of Σ|z|.
/// Neither direction is better. After Bhatt, Weller, Moura: Evaluating and Aggregating
/// Feature-based Model Explanations, 2020 (arXiv:2005.00631), who count positions instead of
/// weighing them.
public struct EnergyArea: Measure {
  public static let about = MeasureDescription(
    name: "energy-area", group: .complexity,
    summary: "Smallest part of the positions that holds 90 % of the magnitude.",
    source: "after Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model "
      + "Explanations, 2020 (arXiv:2005.00631)",
    better: .neither, range: "above 0, at most 1",
    parameters: ["part": "how much of the magnitude is to be held"])

  /// Of all magnitude; above 0, at most 1.
  public var part = 0.9

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("part", part, above: 0, atMost: 1)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let values = measured.sortedMagnitudes
    let total = values.reduce(0) { $0 + Double($1) }
    var (held, count) = (0.0, 0)
    for value in values.reversed() {
      // Rounding of the sums must not ask for positions that hold nothing.
      if held >= part * total * (1 - 1e-12) { break }
      held += Double(value)
      count += 1
    }
    return MeasuredValue(Double(count) / Double(values.count))
  }
}

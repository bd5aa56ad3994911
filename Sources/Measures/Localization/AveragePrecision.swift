import Imaging

/// The precision of "on the object" among positions above a threshold, averaged over the recall
/// that each threshold adds: Σ (Rₖ − Rₖ₋₁) Pₖ over the map's distinct values, from the largest.
///
/// Positions of one value come in together, so the order among them does not matter. Only the order
/// of values counts. A map that knows nothing has the object's part of the picture.
///
/// Manning, Raghavan, Schütze: Introduction to Information Retrieval, 2008, section 8.4; ties as in
/// scikit-learn.
public struct AveragePrecision: Measure {
  public static let about = MeasureDescription(
    name: "average-precision", group: .localization,
    summary: "Precision of the strongest positions, averaged over recall.",
    source: "Manning, Raghavan, Schütze: Introduction to Information Retrieval, 2008, section 8.4",
    better: .higher, range: "0...1; the object's part of the picture by chance", needs: [.mask])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    MeasuredValue(
      Ranks.averagePrecision(of: measured.map.samples, positive: measured.truth?.mask ?? []),
      orUndefined: "no outline of the object is known")
  }
}

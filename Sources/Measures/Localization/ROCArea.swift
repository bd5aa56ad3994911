import Imaging

/// The chance that a position on the object has a larger value than one beside it, equal ones
/// counting half: the area under the curve of hits against false alarms over all thresholds.
///
/// Only the order of values counts, so squaring a map without a sign changes nothing. A map that
/// knows nothing is at 0.5. The rank form is Mann and Whitney's.
///
/// Fawcett: An introduction to ROC analysis, 2006 (doi:10.1016/j.patrec.2005.10.010).
public struct ROCArea: Measure {
  public static let about = MeasureDescription(
    name: "roc-auc", group: .localization,
    summary: "Chance that a position on the object is stronger than one beside it.",
    source: "Fawcett: An introduction to ROC analysis, 2006 (doi:10.1016/j.patrec.2005.10.010)",
    better: .higher, range: "0...1; 0.5 by chance", needs: [.mask])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    MeasuredValue(
      Ranks.rocArea(of: measured.map.samples, positive: measured.truth?.mask ?? []),
      orUndefined: "the object fills the input")
  }
}

/// The part of the map's positive energy that lies in the object's box: Σ_B max(z, 0) / Σ max(z,
/// 0).
///
/// Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu: Score-CAM, 2020 (arXiv:1910.01279), for maps
/// without a sign; of others, the positive part counts. A map that knows nothing has the box's part
/// of the picture, so compare with a control.
public struct EnergyInBox: Measure {
  public static let about = MeasureDescription(
    name: "energy-in-box", group: .localization,
    summary: "Part of the positive energy that lies in the object's box.",
    source: "Wang et al.: Score-CAM, 2020 (arXiv:1910.01279)", better: .higher, range: "0...1",
    needs: [.box])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    MapEnergy(measured.map, in: measured.truth?.isBoxed ?? []).positivePart
  }
}

/// As `EnergyInBox`, with the object's outline for its box.
public struct EnergyInMask: Measure {
  public static let about = MeasureDescription(
    name: "energy-in-mask", group: .localization,
    summary: "Part of the positive energy that lies on the object.",
    source: EnergyInBox.about.source, better: .higher, range: "0...1", needs: [.mask])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    MapEnergy(measured.map, in: measured.truth?.mask ?? []).positivePart
  }
}

/// How much of all energy is positive and in the object's box: Σ_B max(z, 0) / Σ |z|.
///
/// `PP` of Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look
/// Normal, 2021 (arXiv:2103.11257). For maps without negative values it is the energy in the box.
public struct PositivePart: Measure {
  public static let about = MeasureDescription(
    name: "pp", group: .localization,
    summary: "Part of all energy that is positive and in the object's box.",
    source: PositiveOverlap.about.source, better: .higher, range: "0...1", needs: [.box])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let energy = MapEnergy(measured.map, in: measured.truth?.isBoxed ?? [])
    return MeasuredValue(energy.positiveInside / energy.total)
  }
}

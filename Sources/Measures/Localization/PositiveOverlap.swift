/// How well the positive positions P agree with the object's box B: |B ∩ P| / |B ∪ P|.
///
/// `Loc` of Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look
/// Normal, 2021 (arXiv:2103.11257). It looks at signs alone: a map without negative values that is
/// zero nowhere has the box's part of the picture.
public struct PositiveOverlap: Measure {
  public static let about = MeasureDescription(
    name: "loc", group: .localization,
    summary: "Agreement of the positive positions with the object's box.",
    source: "Wang, Fredrikson, Datta: Robust Models Are More Interpretable, 2021 "
      + "(arXiv:2103.11257)",
    better: .higher, range: "0...1", needs: [.box])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let energy = MapEnergy(measured.map, in: measured.truth?.isBoxed ?? [])
    return MeasuredValue(
      Double(energy.positionsInside) / Double(energy.area + energy.positionsOutside))
  }
}

import Imaging

/// How close the attributions in the object's box lie to the middle of all: Σ_B ẑᵢ / ‖pᵢ − c‖, with
/// ẑ = z / Σ|z| and c the mean position, weighed by |z|.
///
/// `Con` of Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look
/// Normal, 2021 (arXiv:2103.11257). Distances are in pixels of the input, so compare maps of one
/// size only. The position at the middle itself, if any, is left out.
public struct Concentration: Measure {
  public static let about = MeasureDescription(
    name: "con", group: .localization,
    summary: "How close the attributions in the object's box lie to the middle of all.",
    source: PositiveOverlap.about.source, better: .higher,
    range: "any, in 1 over pixels; above 0 where the box is positive", needs: [.box])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let (map, isBoxed) = (measured.map, measured.truth?.isBoxed ?? [])
    var (total, across, down) = (0.0, 0.0, 0.0)
    for (place, value) in map.samples.enumerated() {
      let weight = Double(value.magnitude)
      total += weight
      across += weight * Double(place % map.width)
      down += weight * Double(place / map.width)
    }
    (across, down) = (across / total, down / total)
    var sum = 0.0
    for (place, value) in map.samples.enumerated() where isBoxed[place] {
      let (dx, dy) = (Double(place % map.width) - across, Double(place / map.width) - down)
      let distance = (dx * dx + dy * dy).squareRoot()
      if distance > 1e-6 { sum += Double(value) / distance }
    }
    return MeasuredValue(sum / total)
  }
}

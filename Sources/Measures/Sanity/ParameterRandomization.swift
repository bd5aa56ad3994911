public import Imaging

/// The magnitude of the rank correlation between a map and those of networks whose parameters are
/// shuffled.
///
/// Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (arXiv:1810.03292).
public struct ParameterRandomization: RandomizationMeasure {
  public static let about = MeasureDescription(
    name: "parameter-randomization", group: .sanity,
    summary: "Rank correlation with the maps of networks whose parameters are shuffled.",
    source: "Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (arXiv:1810.03292)",
    better: .lower, range: "0...1", needs: [.method, .randomizedNetworks],
    parameters: RandomizedMaps.parameters)

  public var stages = 4
  public var shuffling = Shuffling.cascading

  public init() {}

  public static func similarity(of map: Image<Float>, and other: Image<Float>) -> Double? {
    Ranks.correlation(of: map.samples, and: other.samples)?.magnitude
  }
}

public import Imaging

/// The structural similarity between a map and those of networks whose parameters are shuffled,
/// each brought to a largest magnitude of 1.
///
/// Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (arXiv:1810.03292).
public struct ParameterRandomizationSSIM: RandomizationMeasure {
  public static let about = MeasureDescription(
    name: "parameter-randomization-ssim", group: .sanity,
    summary: "Structural similarity to the maps of networks whose parameters are shuffled.",
    source: ParameterRandomization.about.source, better: .lower, range: "-1...1",
    needs: [.method, .randomizedNetworks], parameters: RandomizedMaps.parameters)

  public var stages = 4
  public var shuffling = Shuffling.cascading

  public init() {}

  public static func similarity(of map: Image<Float>, and other: Image<Float>) -> Double? {
    StructuralSimilarity.mean(of: map.scaledToOne, and: other.scaledToOne)
  }
}

extension Image<Float> {
  /// With a largest magnitude of 1.
  fileprivate var scaledToOne: Image<Float> {
    let largest = Swift.max(range.high, -range.low)
    var scaled = self
    scaled.withMutableSamples { samples in
      for index in samples.indices { samples[index] /= largest }
    }
    return scaled
  }
}

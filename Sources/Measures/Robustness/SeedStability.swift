public import Explanations
import Imaging
import Tensors

/// Whether a method that samples finds the same again: the mean rank correlation of its map with
/// those under other seeds. 1 for methods that do not sample.
///
/// Costs an explanation for each sample. Ranks are Spearman's, equal values sharing theirs. Maps
/// that are the same everywhere have no ranks and are left out.
///
/// Spearman: The Proof and Measurement of Association between Two Things, 1904.
public struct SeedStability: Measure {
  public static let about = MeasureDescription(
    name: "seed-stability", group: .robustness,
    summary: "Rank correlation of the map with those under other seeds.",
    source: "Spearman: The Proof and Measurement of Association between Two Things, 1904",
    better: .higher, range: "-1...1", needs: [.method],
    parameters: ["samples": "how many other seeds are tried"])

  public var samples = 2

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("samples", samples, in: 1...10_000)
  }

  public func measure(_ measured: MeasuredCase) throws(ExplainerError) -> MeasuredValue {
    let random = CounterRandom(seed: measured.seed, stream: MeasureStream.seeds)
    let map = measured.explanation.map
    var correlations: [Double] = []
    for index in 0..<samples {
      var seeds = random.sequence(sample: index)
      let other = try measured.explained(seed: seeds.next()).map
      guard other != map else {
        correlations.append(1)
        continue
      }
      guard other.values.isFinite,
        let correlation = Ranks.correlation(of: map.image.samples, and: other.image.samples)
      else { continue }
      correlations.append(correlation)
    }
    return correlations.isEmpty
      ? .undefined("the maps under other seeds have no ranks")
      : MeasuredValue(
        correlations.reduce(0, +) / Double(correlations.count),
        series: ["correlations": correlations])
  }
}

public import Explanations

/// The mean score while a picture is painted over, the strongest positions first.
///
/// A map is good if few positions suffice to lose the score. What is painted is the picture's mean
/// colour unless `baseline` says otherwise; its edges may mislead a network, which `DeletionToBlur`
/// avoids.
///
/// Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421).
public struct Deletion: ExchangeMeasure {
  public static let about = MeasureDescription(
    name: "deletion", group: .faithfulness,
    summary: "Score while the picture is replaced by its baseline, strongest first.",
    source: "Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421)",
    better: .lower, range: "0...1, of the probability", needs: [.scores],
    parameters: exchangeParameters.merging([
      "baseline": "what positions are replaced by: \(Baseline.names)"
    ]) { $1 })

  public var steps = 32
  public var baseline = Baseline.mean
  public var ranking = Ranking.value
  public var score = Score.probability

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let baseline = baseline.tensor(for: measured.input, seed: measured.seed)
    return area(from: measured.input, to: baseline, in: measured)
  }
}

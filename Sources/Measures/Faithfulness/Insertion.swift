public import Explanations

/// The mean score while a picture appears out of a blurred one, the strongest positions first.
///
/// A map is good if few positions suffice for a high score. The blurred picture, a Gaussian of a
/// sixteenth of the shorter side, has no edges of its own, as a plain colour with pieces in it
/// does.
///
/// Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421).
public struct Insertion: ExchangeMeasure {
  public static let about = MeasureDescription(
    name: "insertion", group: .faithfulness,
    summary: "Score while the picture is revealed from its baseline, strongest first.",
    source: "Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421)",
    better: .higher, range: "0...1, of the probability", needs: [.scores],
    parameters: exchangeParameters.merging([
      "baseline": "what the picture appears out of: \(Baseline.names)"
    ]) { $1 })

  public var steps = 32
  public var baseline = Baseline.blur
  public var ranking = Ranking.value
  public var score = Score.probability

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let baseline = baseline.tensor(for: measured.input, seed: measured.seed)
    return area(from: baseline, to: measured.input, in: measured)
  }
}

public import Explanations

/// The mean score while a picture is blurred, the strongest positions first.
///
/// As `Deletion`, to the picture under a Gaussian of a sixteenth of its shorter side.
///
/// Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421).
public struct DeletionToBlur: ExchangeMeasure {
  public static let about = MeasureDescription(
    name: "deletion-to-blur", group: .faithfulness,
    summary: "Score while the picture is blurred, strongest positions first.",
    source: "Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421)",
    better: .lower, range: "0...1, of the probability", needs: [.scores],
    parameters: exchangeParameters)

  public var steps = 32
  public var ranking = Ranking.value
  public var score = Score.probability

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let baseline = Baseline.blur.tensor(for: measured.input, seed: measured.seed)
    return area(from: measured.input, to: baseline, in: measured)
  }
}

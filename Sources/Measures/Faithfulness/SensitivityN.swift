public import Explanations
import Imaging
import Tensors

/// Whether the map adds up as the score does: the correlation, over random sets of n positions,
/// between the sum of the map over a set and the fall of the score when the baseline takes the
/// set's place.
///
/// A map of f's contributions for a linear score has 1 for every n. Sets are keyed by the subject's
/// seed. A forward pass for each set, and one.
///
/// Ancona, Ceolini, Öztireli, Gross: Towards better understanding of gradient-based attribution
/// methods, 2018 (arXiv:1711.06104).
public struct SensitivityN: Measure {
  public static let about = MeasureDescription(
    name: "sensitivity-n", group: .faithfulness,
    summary: "Correlation of sums of the map with the fall of the score.",
    source: "Ancona et al.: Towards better understanding of gradient-based attribution methods, "
      + "2018 (arXiv:1711.06104)",
    better: .higher, range: "-1...1; 0 by chance", needs: [.scores],
    parameters: [
      "part": "how many positions a set has, as a part of all",
      "samples": "how many sets are tried",
      "baseline": "what takes the place of a set: \(Baseline.names)",
      "score": "what is followed: logit or probability",
    ])

  /// n, as a part of all positions; above 0, below 1.
  public var part = 0.1
  public var samples = 64
  public var baseline = Baseline.mean
  public var score = Score.logit

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("samples", samples, in: 2...100_000)
    guard part > 0, part < 1 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "part", reason: "must be between 0 and 1, found \(part)"
      )
    }
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let plane = measured.count
    let size = min(max(Int((part * Double(plane)).rounded()), 1), plane - 1)
    let random = CounterRandom(seed: measured.seed, stream: MeasureStream.subsets)
    lazy var end = baseline.tensor(for: measured.input, seed: measured.seed)
    let values = measured.map.samples
    func places(_ index: Int) -> [Int] {
      var sequence = random.sequence(sample: index)
      var places = Array(0..<plane)
      for drawn in 0..<size {
        places.swapAt(drawn, Int.random(in: drawn..<plane, using: &sequence))
      }
      return places
    }
    let effects = PerturbationEffects(
      predicted: (0..<samples).map { index in
        places(index)[..<size].reduce(0) { $0 + Double(values[$1]) }
      },
      found: measured.falls(
        of: score, count: samples,
        key: "sensitivity/\(samples)/\(size)/\(baseline.rawValue)/\(score.rawValue)"
      ) { index in
        Exchange(from: measured.input, to: end, order: places(index), steps: 1)
          .picture(exchanging: size)
      })
    return MeasuredValue(
      effects.correlation, orUndefined: "either the sums of the map or the scores do not vary")
  }
}

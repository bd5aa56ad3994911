import Explanations
import Foundation
import Tensors

/// How far a map is from adding up to what it explains: |Σ φ − (f(x) − f(b))| / |f(x) − f(b)|, for
/// methods that compare each value of the picture with a baseline b.
///
/// The baseline is the method's own option; with several, f(b) is their mean. Undefined for methods
/// without a baseline, for those whose maps are not of the picture's shape, whose values do not
/// stand for one value of the picture each, and where the score does not change. One forward pass,
/// and one for each baseline.
///
/// Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (arXiv:1703.01365).
public struct CompletenessGap: Measure {
  public static let about = MeasureDescription(
    name: "completeness-gap", group: .completeness,
    summary: "How far the map is from adding up to the change of the score.",
    source: "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 "
      + "(arXiv:1703.01365)",
    better: .lower, range: "0 or more; 1 for a map that adds up to nothing", needs: [.scores])

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let values = measured.explanation.map.values
    guard let mixture = measured.explainer.baselines else {
      return .undefined("the method has no baseline to add up from")
    }
    guard values.shape == measured.input.shape.item else {
      return .undefined("the map does not stand for the picture's values one by one")
    }
    let starts = mixture.tensors(
      for: measured.input, seed: measured.seed, draws: measured.explainer.draws)
    let above = measured.score(of: .logit)
    let below = starts.map { measured.score(of: .logit, at: $0) }
    let change = above - below.reduce(0, +) / Double(starts.count)
    let scale = below.reduce(above.magnitude) { max($0, $1.magnitude) }
    // Below this, rounding of the scores is all that is left.
    guard change.magnitude > 1e-5 * scale, change.magnitude > 0 else {
      return .undefined("the score at the baseline is that of the picture")
    }
    return MeasuredValue((values.sum - change).magnitude / change.magnitude)
  }
}

extension ConfiguredExplainer {
  /// What a method of slopes compares with. Those that follow a score of choice take parts of the
  /// picture away, and their values do not add up position by position.
  fileprivate var baselines: BaselineMixture? {
    guard case .object(let fields) = parameters, let baseline = fields["baseline"],
      fields["score"] == nil, let json = try? JSONEncoder().encode(baseline)
    else { return nil }
    return try? JSONDecoder().decode(BaselineMixture.self, from: json)
  }

  /// Pictures of noise that are averaged.
  fileprivate var draws: Int {
    guard case .object(let fields) = parameters, case .integer(let draws) = fields["draws"] else {
      return 1
    }
    return draws
  }
}

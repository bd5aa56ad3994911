import Imaging

/// How unevenly a map's magnitude is spread over the positions, by Gini's index: 0 where all are
/// equal, close to 1 where one has everything.
///
/// With magnitudes v sorted from the smallest, 1 − 2 Σₖ (vₖ / Σv) (N − k + ½) / N. A map that is
/// concentrated is easier to read; that does not make it right, so neither direction is better.
///
/// Chalasani, Chen, Chowdhury, Jha, Wu: Concise Explanations of Neural Networks using Adversarial
/// Training, 2020 (arXiv:1810.06583); the formula is of Hurley, Rickard, 2009 (arXiv:0811.4706).
public struct Gini: Measure {
  public static let about = MeasureDescription(
    name: "gini", group: .complexity,
    summary: "How unevenly the magnitude is spread, by Gini's index.",
    source: "Chalasani et al.: Concise Explanations of Neural Networks using Adversarial Training, "
      + "2020 (arXiv:1810.06583)",
    better: .neither, range: "0 (even) ... 1 (one position)")

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let values = measured.sortedMagnitudes
    let (count, total) = (Double(values.count), values.reduce(0) { $0 + Double($1) })
    var sum = 0.0
    for (index, value) in values.enumerated() {
      sum += Double(value) * (count - Double(index) - 0.5)
    }
    return MeasuredValue(1 - 2 * sum / (total * count))
  }
}

extension MeasuredCase {
  /// Magnitudes of the map's positions, the smallest first.
  var sortedMagnitudes: [Float] {
    once("magnitudes") { map.samples.map(\.magnitude).sorted() }
  }
}

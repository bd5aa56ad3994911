public import Explanations
import Tensors

/// How much a map changes when the picture hardly does: the largest ‖e(x′) − e(x)‖ / ‖e(x)‖ over
/// noisy copies x′ of the picture, at most `radius` off in every value.
///
/// Noise is evenly spread and keyed by the subject's seed. The method explains each copy with the
/// seed of the picture, so that only the picture changes. Costs an explanation for each sample.
///
/// Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations,
/// 2019 (arXiv:1901.09392).
public struct MaxSensitivity: Measure {
  public static let about = MeasureDescription(
    name: "max-sensitivity", group: .robustness,
    summary: "Largest relative change of the map when the picture hardly changes.",
    source: Infidelity.about.source, better: .lower, range: "0 or more", needs: [.method],
    parameters: [
      "samples": "how many noisy copies are explained",
      "radius": "how far off each value may be, in brightness 0...1",
    ])

  public var samples = 4
  public var radius = 0.02

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("samples", samples, in: 1...10_000)
    try Self.check("radius", radius, above: 0, atMost: 1)
  }

  public func measure(_ measured: MeasuredCase) throws(ExplainerError) -> MeasuredValue {
    let random = CounterRandom(seed: measured.seed, stream: MeasureStream.neighbors)
    return try Self.largestChange(in: measured, samples: samples) { index in
      let shape = measured.input.shape
      return random.uniform(shape, sample: index).map { Float(radius) * (2 * $0 - 1) }
    }
  }

  /// Over copies that are off by `noise`, `[1, C, H, W]`.
  static func largestChange(
    in measured: MeasuredCase, samples: Int, noise: (_ index: Int) -> Tensor
  ) throws(ExplainerError) -> MeasuredValue {
    let map = measured.explanation.map.values
    var changes: [Double] = []
    for index in 0..<samples {
      let other = try measured.explained(input: measured.input + noise(index)).map.values
      let change = other - map
      changes.append((change.dot(change) / map.dot(map)).squareRoot())
    }
    return MeasuredValue(changes.max() ?? 0, series: ["changes": changes])
  }
}

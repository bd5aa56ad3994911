public import Explanations
import Tensors

/// How far the map is off as a linear model of the score around the picture: the mean over
/// perturbations I of (Σ I·φ − (f(x) − f(x − I)))², with φ the map in the input's shape.
///
/// I is normal noise, `noise` its deviation, in all values of the picture, keyed by the subject's
/// seed. Maps of other units than score per brightness, such as the product with the picture or a
/// class activation map, are not of the form that the definition asks for, and only
/// `NormalizedInfidelity` compares them. A map without channels is spread evenly over them. A
/// forward pass for each sample, and one.
///
/// Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations,
/// 2019 (arXiv:1901.09392).
public struct Infidelity: Measure {
  public static let about = MeasureDescription(
    name: "infidelity", group: .faithfulness,
    summary: "Error of the map as a linear model of the score around the picture.",
    source: "Yeh et al.: On the (In)fidelity and Sensitivity of Explanations, 2019 "
      + "(arXiv:1901.09392)",
    better: .lower, range: "0 or more, in squares of the score", needs: [.scores],
    parameters: InfidelityNoise.parameters)

  public var samples = 32
  public var noise = 0.1
  public var score = Score.logit

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("samples", samples, in: 2...100_000)
    try Self.check("noise", noise, above: 0, atMost: 10)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    MeasuredValue(
      InfidelityNoise(samples: samples, noise: noise, score: score).effects(in: measured)
        .meanSquare())
  }
}

/// As `Infidelity`, after the map was multiplied by the number that makes it least: what is wrong
/// with a map beside its unit.
public struct NormalizedInfidelity: Measure {
  public static let about = MeasureDescription(
    name: "infidelity-normalized", group: .faithfulness,
    summary: "As infidelity, with the map brought to its best scale.",
    source: Infidelity.about.source, better: .lower, range: Infidelity.about.range,
    needs: [.scores], parameters: InfidelityNoise.parameters)

  public var samples = 32
  public var noise = 0.1
  public var score = Score.logit

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("samples", samples, in: 2...100_000)
    try Self.check("noise", noise, above: 0, atMost: 10)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let effects = InfidelityNoise(samples: samples, noise: noise, score: score)
      .effects(in: measured)
    return MeasuredValue(
      effects.bestScale.map { effects.meanSquare(scaledBy: $0) },
      orUndefined: "the map predicts no change at all")
  }
}

public import Tensors

/// The mean squared gradient over noisy copies of the picture.
///
/// The map has the input's shape `[C, H, W]`, zero or more, with a standard error for each value. Squares
/// make it more concentrated than `smoothgrad`, which flatters measures of concentration. Noise is
/// keyed by the subject's seed. A forward and a backward pass for each sample.
///
/// Hooker, Erhan, Kindermans, Kim: A Benchmark for Interpretability Methods in Deep Neural Networks,
/// 2019 (arXiv:1806.10758).
public struct SmoothGradSquared: NoisyGradientExplainer {
  public static let about = MethodDescription(
    name: "smoothgrad-squared",
    summary: "Squared gradients averaged over noisy copies: strength without sign.",
    source: "Hooker et al.: A Benchmark for Interpretability Methods, 2019 (arXiv:1806.10758)",
    parameters: noiseParameters)

  public var samples = 50
  public var tolerance = 0.0
  public var noise = 0.15

  public init() {}

  public static let sign = AttributionMap.Sign.magnitude

  public static func moment(of sums: PowerSums) -> (map: Tensor, error: Tensor) {
    (sums.meanSquare, sums.errorOfMeanSquare)
  }
}

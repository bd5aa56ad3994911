public import Tensors

/// The variance of the gradient over noisy copies of the picture.
///
/// The map has the input's shape `[C, H, W]`, zero or more, with a standard error for each value. It
/// does not see the gradient's constant part at all. Noise is keyed by the subject's seed. A forward
/// and a backward pass for each sample.
///
/// Adebayo, Gilmer, Goodfellow, Kim: Local Explanation Methods for Deep Neural Networks Lack Sensitivity
/// to Parameter Values, 2018 (arXiv:1810.03307). Divided by the number of samples, not by one less.
public struct VarGrad: NoisyGradientExplainer {
  public static let about = MethodDescription(
    name: "vargrad",
    summary: "Variance of the gradient over noisy copies: where it is unsteady.",
    source:
      "Adebayo et al.: Local Explanation Methods for Deep Neural Networks, 2018 (arXiv:1810.03307)",
    parameters: noiseParameters)

  public var samples = 50
  public var tolerance = 0.0
  public var noise = 0.15

  public init() {}

  public static let sign = AttributionMap.Sign.magnitude

  public static func moment(of sums: PowerSums) -> (map: Tensor, error: Tensor) {
    (sums.variance, sums.errorOfVariance)
  }
}

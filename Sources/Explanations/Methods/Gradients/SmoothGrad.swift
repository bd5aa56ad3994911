public import Tensors

/// The mean gradient over noisy copies of the picture: the gradient of the score blurred by the noise.
///
/// The map has the input's shape `[C, H, W]`, signed, in score per unit of brightness, with a standard
/// error for each value. Noise is keyed by the subject's seed. A forward and a backward pass for each
/// sample.
///
/// Smilkov, Thorat, Kim, Viégas, Wattenberg: SmoothGrad, 2017 (arXiv:1706.03825).
public struct SmoothGrad: NoisyGradientExplainer {
  public static let about = MethodDescription(
    name: "smoothgrad",
    summary: "Gradients averaged over noisy copies of the picture.",
    source: "Smilkov et al.: SmoothGrad, 2017 (arXiv:1706.03825)",
    parameters: noiseParameters)

  public var samples = 50
  public var tolerance = 0.0
  public var noise = 0.15

  public init() {}

  public static let sign = AttributionMap.Sign.signed

  public static func moment(of sums: PowerSums) -> (map: Tensor, error: Tensor) {
    (sums.mean, sums.errorOfMean)
  }
}

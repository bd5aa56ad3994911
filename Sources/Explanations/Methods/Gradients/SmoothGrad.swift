public import Networks

/// The mean gradient over noisy copies of the picture: the gradient of the score blurred by the noise.
///
/// The map has the input's shape `[C, H, W]`, signed, in score per unit of brightness, with a standard
/// error for each value. Noise is keyed by the subject's seed. A forward and a backward pass for each
/// sample.
///
/// Smilkov, Thorat, Kim, Viégas, Wattenberg: SmoothGrad, 2017 (arXiv:1706.03825).
public struct SmoothGrad: Explainer {
  public static let about = MethodDescription(
    name: "smoothgrad",
    summary: "Gradients averaged over noisy copies of the picture.",
    source: "Smilkov et al.: SmoothGrad, 2017 (arXiv:1706.03825)",
    parameters: NoisyGradients.parameters)

  public var samples = 50
  /// 0 takes all samples.
  public var tolerance = 0.0
  public var noise = 0.15

  public init() {}

  private var gradients: NoisyGradients {
    NoisyGradients(
      noise: noise,
      effort: SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance))
  }

  public func validate() throws(ExplainerError) { try gradients.validate() }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    gradients.explain(question, using: model, order: 2, sign: .signed) { sums in
      (sums.mean, sums.errorOfMean)
    }
  }
}

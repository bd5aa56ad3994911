public import Networks

/// The mean squared gradient over noisy copies of the picture.
///
/// The map has the input's shape `[C, H, W]`, zero or more, with a standard error for each value. Squares
/// make it more concentrated than `smoothgrad`, which flatters measures of concentration. Noise is
/// keyed by the subject's seed. A forward and a backward pass for each sample.
///
/// Hooker, Erhan, Kindermans, Kim: A Benchmark for Interpretability Methods in Deep Neural Networks,
/// 2019 (arXiv:1806.10758).
public struct SmoothGradSquared: Explainer {
  public static let about = MethodDescription(
    name: "smoothgrad-squared",
    summary: "Squared gradients averaged over noisy copies: strength without sign.",
    source: "Hooker et al.: A Benchmark for Interpretability Methods, 2019 (arXiv:1806.10758)",
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
    gradients.explain(question, using: model, order: 4, sign: .magnitude) { sums in
      (sums.meanSquare, sums.errorOfMeanSquare)
    }
  }
}

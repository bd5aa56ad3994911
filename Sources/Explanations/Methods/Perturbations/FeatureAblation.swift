public import Networks
import Tensors

/// How much the score falls when one region of the picture is taken away.
///
/// The picture is cut into regions; a region's value is f(x) − f(x with the region as in the baseline),
/// written to all its positions: `[1, H, W]`, signed, in units of the score. Deterministic. A forward
/// pass for each region, and one.
///
/// The simplest of perturbations; with superpixels as in Kokhlikyan et al.: Captum, 2020
/// (arXiv:2009.07896).
public struct FeatureAblation: Explainer, Segmenting {
  public static let about = MethodDescription(
    name: "feature-ablation",
    summary: "Fall of the score when a superpixel is taken away.",
    source: "Kokhlikyan et al.: Captum, 2020 (arXiv:2009.07896)",
    parameters: Segmentation.parameters.merging([
      "baseline": "what is seen instead of a region: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ]) { $1 })

  public var segmentation = Segmentation.slic
  public var regions = 50
  public var quickshift = Quickshift()
  public var baseline = Baseline.mean
  public var score = Score.logit

  public init() {}

  public func validate() throws(ExplainerError) {
    try validateSegmentation()
  }

  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    explain(question, using: model, by: segments(of: question.subject.input))
  }

  func explain(_ question: Question, using model: any Classifier, by regions: Regions)
    -> Explanation
  {
    let input = question.subject.input
    let obscured = Obscured(
      input: input, baseline: baseline.tensor(for: input, seed: question.subject.seed))
    // The whole picture is the first.
    let scores = model.scores(of: score, for: question, at: 0..<regions.count + 1) { index in
      obscured.picture(of: regions) { $0 != index - 1 }
    }
    return Explanation(
      map: AttributionMap(regions.map(scores.dropFirst().map { scores[0] - $0 }), sign: .signed),
      diagnostics: Diagnostics(
        values: ["objective": scores[0], "regions": Double(regions.count)],
        forwardPasses: scores.count))
  }
}

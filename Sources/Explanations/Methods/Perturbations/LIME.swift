public import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A linear model of the score over the picture's regions, fitted around the whole picture.
///
/// Each sample keeps every region with probability ½; its score counts the more, the nearer it is to the
/// whole: by exp(−d² / 2σ²) with d = 1 − √(kept part) and σ = `width`. The map holds the
/// coefficients of a ridge regression, `[1, H, W]`, signed, in units of the score, with a standard error
/// for each region. Samples are keyed by the subject's seed. A forward pass for each.
///
/// Ribeiro, Singh, Guestrin: "Why Should I Trust You?", 2016 (arXiv:1602.04938). Defaults of the
/// published code, but for the regions: superpixels by SLIC, unless `segmentation` asks for its quickshift,
/// and the picture's mean colour where one is absent rather than each region's own.
public struct LIME: Explainer, Segmenting {
  public static let about = MethodDescription(
    name: "lime",
    summary: "A linear model of the score over superpixels, fitted around the picture.",
    source: "Ribeiro, Singh, Guestrin: \"Why Should I Trust You?\", 2016 (arXiv:1602.04938)",
    parameters: SamplingEffort.parameters.merging(Segmentation.parameters) { $1 }.merging([
      "width": "how far from the whole picture a sample may be to count, above 0",
      "ridge": "how much large coefficients are held back, 0 or more",
      "baseline": "what is seen where a region is absent: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ]) { $1 })

  public var samples = 1000
  /// 0 takes all samples.
  public var tolerance = 0.0
  public var segmentation = Segmentation.slic
  public var regions = 50
  public var quickshift = Quickshift()
  public var width = 0.25
  public var ridge = 1.0
  public var baseline = Baseline.mean
  public var score = Score.probability

  public init() {}

  private var effort: SamplingEffort {
    SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance)
  }

  public func validate() throws(ExplainerError) {
    try effort.validate()
    try validateSegmentation()
    guard width > 0 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "width", reason: "must be above 0, found \(width)")
    }
    guard ridge >= 0 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "ridge", reason: "must be 0 or more, found \(ridge)")
    }
  }

  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    let (input, seed) = (question.subject.input, question.subject.seed)
    let regions = segments(of: input)
    let obscured = Obscured(input: input, baseline: baseline.tensor(for: input, seed: seed))
    let random = CounterRandom(seed: seed, stream: RandomStream.coalitions)
    var fit = NeighborhoodFit(regions: regions.count, width: width, ridge: ridge)
    func maps() -> (map: Tensor, error: Tensor)? {
      fit.solution.map { (regions.map($0.values), regions.map($0.errors)) }
    }
    let (taken, error, status) = effort.run { range in
      let kept = range.map { sample in
        var numbers = random.sequence(sample: sample)
        // The whole picture is the first.
        return (0..<regions.count).map { _ in sample == 0 || Bool.random(using: &numbers) }
      }
      let scores = model.scores(of: score, for: question, at: kept.indices) { index in
        obscured.picture(of: regions) { kept[index][$0] }
      }
      for (kept, score) in zip(kept, scores) { fit.add(kept, score: score) }
    } error: {
      maps().map { $0.error.relativeError(of: $0.map) } ?? .infinity
    }
    guard let (map, standardError) = maps() else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "samples",
        reason: "of \(samples) do not settle \(regions.count) regions; take more, or a ridge")
    }
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      standardError: AttributionMap(standardError, sign: .magnitude),
      diagnostics: Diagnostics(
        values: [
          "objective": fit.scoreOfWhole, "regions": Double(regions.count),
          "samples": Double(taken), "relativeError": error,
        ], forwardPasses: taken), status: status)
  }
}

/// The weighted ridge regression with an intercept, and its samples.
private struct NeighborhoodFit {
  let width: Double
  private(set) var scoreOfWhole = 0.0
  private var fit: LinearFit
  private var samples: [(row: [Double], value: Double, weight: Double)] = []

  init(regions: Int, width: Double, ridge: Double) {
    self.width = width
    fit = LinearFit(unknowns: regions + 1, ridge: ridge, penalized: regions)
  }

  mutating func add(_ kept: [Bool], score: Double) {
    // Scores are taken from the whole picture's, so that equal ones leave exactly nothing.
    if samples.isEmpty { scoreOfWhole = score }
    let distance = 1 - (Double(kept.count(where: \.self)) / Double(kept.count)).squareRoot()
    let row = kept.map { $0 ? 1.0 : 0.0 } + [1]
    let weight = exp(-distance * distance / (2 * width * width))
    fit.add(row, value: score - scoreOfWhole, weight: weight)
    samples.append((row, score - scoreOfWhole, weight))
  }

  var solution: (values: [Double], errors: [Double])? {
    guard let values = fit.solution else { return nil }
    let residuals = samples.map { row, value, weight in
      let rest = value - zip(row, values).reduce(0) { $0 + $1.0 * $1.1 }
      return row.map { weight * $0 * rest }
    }
    guard let covariance = fit.covariance(ofUnits: residuals) else { return nil }
    let count = values.count
    return (
      Array(values.dropLast()),
      (0..<count - 1).map { max(covariance[$0 * count + $0], 0).squareRoot() }
    )
  }
}

public import Boundaries
public import Networks
import Tensors

/// Which parts of a picture an attack goes for: superpixels by how dense it falls on them.
///
/// An attack changes the picture so that the network doubts the fact, or, where there is a foil, so that it
/// sees the foil. Of each channel's changes, those beyond two percentiles are kept; a position is active
/// where any channel's is. A superpixel's intensity is the part of its positions that is active. The map,
/// `[1, H, W]`, holds the intensity of the superpixel that a position lies in; ranks, sizes and
/// frequencies are in ``Explanation/ranking``, whose first few are what is shown of the picture.
///
/// ``AttackMode/published`` has the constants of the authors' code: twenty steps of Euclidean length
/// 0.001 within a ball of 0.2, which they can never fill, so that the class need not change: the method reads
/// the direction of an attack. Values may leave 0...1. Lengths are in pixels; the authors' network divides
/// these by the deviations of ImageNet's colours first, which `deviation` does. Where the authors add up
/// the channels' kept changes, which may cancel, any kept change counts here; and superpixels are found in
/// the picture's own colours rather than in those of the network's first layer.
///
/// ``AttackMode/decisive`` goes all the way: the attack is the displacement to the nearest known point of
/// another class, which is the counterpart, and each active position counts by how large its change is.
/// Pixels that the subject keeps are kept. The search has few gradients: a nearer point is found with more
/// of them, at their cost.
///
/// The gradient is taken from the scores in a form that does not vanish where the softmax is certain.
/// Where it is zero all the same, the map is zero. Where all superpixels are kept, none stands out, and the
/// status says so.
///
/// Deterministic; a random start and a search's are keyed by the subject's seed. A forward and a backward
/// pass for each step, and one more; or what the search takes.
///
/// Rahnama, Tseng: An Adversarial Approach for Explaining the Predictions of Deep Neural Networks, 2020
/// (arXiv:2005.10284).
public struct AdversarialExplanation: Explainer, Segmenting {
  public static let about = MethodDescription(
    name: "adversarial-explanation",
    summary: "Superpixels by how dense an attack on the decision falls on them.",
    source: "Rahnama, Tseng: An Adversarial Approach for Explaining the Predictions of Deep Neural "
      + "Networks, 2020 (arXiv:2005.10284)",
    parameters: [
      "mode":
        "published (steps along the gradient; the class need not change) or decisive (to the nearest "
        + "other class; changes count by their size)",
      "steps": "published: how many steps",
      "stepSize": "published: length of a step, above 0",
      "radius": "published: how far the attack may lead, above 0",
      "start": "published: length of a random first step, 0 for none",
      "deviation":
        "published: what pixels are divided by before lengths are taken, a list of one for all channels "
        + "or one for each",
      "percentile":
        "changes of a channel below this percentile and above that of 100 less are kept, above 0 to 50",
      "kept": "how many superpixels are kept, the densest first",
    ].merging(Segmentation.parameters) { $1 }.merging(
      ProjectionSearch.about.parameters.map { ("search.\($0)", "decisive: \($1)") }
    ) { $1 })

  public var mode = AttackMode.published
  public var steps = 20
  public var stepSize = 0.001
  public var radius = 0.2
  public var start = 0.0
  public var deviation = [1.0]
  public var percentile = 15.0
  public var kept = 5
  public var segmentation = Segmentation.quickshift
  public var regions = 50
  public var quickshift = Quickshift(kernel: 8, distance: 10, ratio: 0.1)
  public var search = ProjectionSearch(gradients: 4)

  public init() {}

  public func validate() throws(ExplainerError) {
    func check(_ holds: Bool, _ parameter: String, _ reason: String) throws(ExplainerError) {
      guard !holds else { return }
      throw .invalidParameter(
        method: Self.about.name, parameter: parameter, reason: "must be \(reason)")
    }
    try check((1...10_000).contains(steps), "steps", "1...10000, found \(steps)")
    try check(stepSize > 0 && stepSize.isFinite, "stepSize", "above 0, found \(stepSize)")
    try check(radius > 0, "radius", "above 0, found \(radius)")
    try check(start >= 0 && start.isFinite, "start", "0 or more, found \(start)")
    try check(
      [1, 3].contains(deviation.count) && deviation.allSatisfy { $0 > 0 && $0.isFinite },
      "deviation", "one number above 0, or three, found \(deviation)")
    try check(
      percentile > 0 && percentile <= 50, "percentile", "above 0 to 50, found \(percentile)")
    try check(kept >= 1, "kept", "1 or more, found \(kept)")
    try validateSegmentation()
    try search.validate(for: Self.about.name)
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    try explain(question, using: model, by: segments(of: question.subject.input))
  }

  func explain(
    _ question: Question, using model: any DifferentiableClassifier, by regions: Regions
  ) throws(ExplainerError) -> Explanation {
    let attack =
      switch mode {
      case .published: published(question, using: model)
      case .decisive: try decisive(question, using: model)
      }
    let filtered = AttackFilter(percentile: percentile).kept(of: attack.change)
    let density = AttackDensity(
      regions, isActive: filtered.isActive, strengths: Self.strengths(of: attack.change))
    let scores = mode == .decisive ? density.weightedIntensities : density.intensities
    let ranking = density.ranking(by: scores, keeping: kept)
    var diagnostics = attack.diagnostics
    diagnostics.values.merge([
      "regions": Double(regions.count), "kept": Double(ranking.keptCount),
      "activePositions": Double(filtered.isActive.count(where: \.self)),
    ]) { $1 }
    if filtered.constantChannels > 0 {
      diagnostics.values["constantChannels"] = Double(filtered.constantChannels)
    }
    let isAllKept = ranking.keptCount == regions.count
    return Explanation(
      map: AttributionMap(regions.map(scores), sign: .magnitude),
      counterpart: attack.counterpart, ranking: ranking, diagnostics: diagnostics,
      status: attack.status == .complete && isAllKept
        ? .allRegionsKept(count: regions.count) : attack.status)
  }

  /// A change of the picture, and how it came about.
  private struct Attack {
    /// `[1, C, H, W]`; zero where there is none.
    let change: Tensor
    var counterpart: Tensor?
    let diagnostics: Diagnostics
    let status: Explanation.Status
  }

  private func published(
    _ question: Question, using model: any DifferentiableClassifier
  ) -> Attack {
    let (input, seed) = (question.subject.input, question.subject.seed)
    let ascent = LossAscent(
      loss: AttackLoss(fact: question.fact, foil: question.foil), steps: steps, stepSize: stepSize,
      radius: radius, start: start, deviations: deviation)
    let outcome = ascent.outcome(from: input, seed: seed, using: model)
    let pixels = ascent.pixels(outcome.change)
    let prediction = model.prediction(for: input + pixels)
    let passes = outcome.losses.count
    return Attack(
      // Without a gradient, a random start says nothing of the picture.
      change: outcome.taken > 0 && !outcome.sawNonFinite
        ? outcome.change : Tensor(zeros: input.shape),
      diagnostics: Diagnostics(
        values: [
          "l2": Norm.l2.length(of: pixels), "linf": Norm.linf.length(of: pixels),
          "probability": Double(prediction.probabilities[question.fact]),
          "class": Double(prediction.top), "stepsWithGradient": Double(outcome.taken),
          "stepsHeld": Double(outcome.held),
        ], series: ["loss": outcome.losses], forwardPasses: passes + 1, backwardPasses: passes),
      status: outcome.sawNonFinite ? .nonFinite : .complete)
  }

  private func decisive(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Attack {
    let outcome = try search.outcome(for: question, using: model, method: Self.about.name)
    return Attack(
      change: outcome.point?.displacement ?? Tensor(zeros: question.subject.input.shape),
      counterpart: outcome.point?.point, diagnostics: Diagnostics(of: outcome),
      status: .init(outcome.status))
  }

  /// The Euclidean length of the change over the channels of each position.
  private static func strengths(of change: Tensor) -> [Double] {
    let plane = change.shape[2] * change.shape[3]
    return change.withScalars { values in
      (0..<plane).map { place in
        stride(from: place, to: values.count, by: plane).reduce(0.0) { sum, index in
          sum + Double(values[index]) * Double(values[index])
        }.squareRoot()
      }
    }
  }
}

/// How far an adversarial explanation's attack goes.
public enum AttackMode: String, NamedOption {
  /// A few small steps along the gradient of the loss.
  case published
  /// To the nearest known point of another class.
  case decisive
}

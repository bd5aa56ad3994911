import Boundaries
public import Networks
import Tensors

/// Integrated gradients whose baseline is the nearest picture with another decision.
///
/// With x′ for the nearest point at which another class j overtakes the fact i, and the margin
/// g = zᵢ − zⱼ, the map is (x − x′) · ∫₀¹ ∇g(x′ + t(x − x′)) dt, of the input's shape `[C, H, W]`. Since
/// g(x′) is zero, it adds up to the margin g(x): it shares out among pixels by how much the fact leads.
/// Positive values speak for the fact. There is no baseline to choose. The counterpart is x′.
///
/// With more `starts`, noisy copies of the picture are explained as well, each from the boundary point
/// nearest to it, and the map is the mean, with its standard error: which of many almost equally near points
/// is the nearest matters less then. It adds up to the mean of the margins.
///
/// The steps are doubled until the sum is right within `tolerance`; where `maximumSteps` do not suffice,
/// the status says so. `otherClass` among the diagnostics is the part of the path on which another class
/// than the fact leads. Where no point is found, the status says why, and the map is zero; so it is
/// where the network already prefers another class. Deterministic: random starts are keyed by the
/// subject's seed, and so is noise. Costs, for each start, the search, and as many forward and backward
/// passes as steps, doublings included.
///
/// Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look Normal, 2021
/// (arXiv:2103.11257). The published code integrates the fact's score alone (`of=logit`) from a point
/// somewhat beyond the boundary, with weights that add up to (n − 1)/n, and keeps a point that does
/// not change the decision where its search fails.
public struct BoundaryIntegratedGradients: Explainer {
  public static let about = MethodDescription(
    name: "boundary-integrated-gradients",
    summary:
      "Gradients averaged from the nearest other decision to the picture; sums to the margin.",
    source:
      "Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look "
      + "Normal, 2021 (arXiv:2103.11257)",
    parameters: SearchChoice.parameters(of: ProjectionSearch.self).merging([
      "of": BoundaryScore.meaning,
      "starts": "pictures whose maps are averaged: the picture itself, and noisy copies of it",
      "noise": "deviation of the noise that further starts have, in pixel units",
      "steps": "points on the path to begin with, 1 or more",
      "maximumSteps": "where doubling them ends",
      "tolerance": "completeness gap to reach, as a part of the change of the score",
    ]) { $1 })

  public var of = BoundaryScore.margin
  /// Twenty gradients: points are then within some hundredths of the nearest that sixty find.
  public var search = SearchChoice(ProjectionSearch(gradients: 20))
  /// Pictures whose maps are averaged: this one and noisy copies, 1...1000.
  public var starts = 1
  /// The deviation of further starts, in pixel units.
  public var noise = 0.05
  /// Points on the path to begin with, at least 1.
  public var steps = 32
  /// Where doubling ends; at most 4096. Less than `steps` means no doubling.
  public var maximumSteps = 256
  /// The completeness gap to reach, above 0.
  public var tolerance = 0.01

  /// Nearer than this, in pixel units, there is nothing between the picture and the boundary.
  static let leastDistance = 1e-6

  public init() {}

  public func validate() throws(ExplainerError) {
    try search.chosen.validate(for: Self.about.name)
    guard (1...1000).contains(starts) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "starts", reason: "must be 1...1000, found \(starts)")
    }
    try SurroundingBoundaries.validate(noise: noise, for: Self.about.name)
    try PathIntegral.validate(
      method: Self.about.name, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance)
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let own = try search.chosen.outcome(for: question, using: model, method: Self.about.name)
    guard let point = own.point else { return Explanation(without: own, for: question) }
    let (ownMap, ownPath) = try path(from: point, to: question.subject.input, question, model)
    var paths = [ownPath]
    var diagnostics = Diagnostics(of: own)
    var sums = WeightedSums(ownMap.shape)
    sums.add(ownMap, weight: 1)
    let around = SurroundingBoundaries(
      question, noise: noise, classes: nil, search: search, method: Self.about.name, using: model)
    for first in stride(from: 1, to: starts, by: 8) {
      let numbers = first..<min(first + 8, starts)
      for (number, outcome) in zip(numbers, try around.outcomes(from: numbers, using: model)) {
        diagnostics.forwardPasses += outcome.effort.forwards + outcome.effort.gradients
        diagnostics.backwardPasses += outcome.effort.gradients
        guard let point = outcome.point, point.side != .inside else { continue }
        let (map, path) = try path(from: point, to: around.start(number), question, model)
        sums.add(map, weight: 1)
        paths.append(path)
      }
    }
    let map = starts == 1 ? ownMap : sums.mean
    func mean(_ value: (PathIntegral.Path) -> Double) -> Double {
      paths.map(value).reduce(0, +) / Double(paths.count)
    }
    diagnostics.values.merge([
      "completenessGap": paths.map(\.gap).max() ?? 0, "steps": mean { Double($0.steps) },
      "objective": mean(\.above), "objectiveAtBoundary": mean(\.below),
      "otherClass": mean { Double($0.pointsElsewhere) / Double($0.steps) },
    ]) { $1 }
    if starts > 1 {
      diagnostics.values["points"] = Double(paths.count)
      diagnostics.values["relativeError"] = sums.errorOfMean.relativeError(of: sums.mean)
    }
    let points = paths.reduce(0) { $0 + $1.points }
    diagnostics.forwardPasses += points + 2 * paths.count
    diagnostics.backwardPasses += points
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      standardError: starts == 1 ? nil : AttributionMap(sums.errorOfMean, sign: .magnitude),
      counterpart: point.point, diagnostics: diagnostics,
      status: status(
        of: own, point, gap: paths.map(\.gap).max() ?? 0, isZero: map.largestMagnitude == 0))
  }

  private func path(
    from point: BoundaryPoint, to end: Tensor, _ question: Question,
    _ model: any DifferentiableClassifier
  ) throws(ExplainerError) -> (map: Tensor, path: PathIntegral.Path) {
    try PathIntegral(
      method: Self.about.name, objective: of.objective(point.fact, over: point.foil),
      fact: question.fact, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance
    ).path(from: point.point, to: end, using: model)
  }

  private func status(
    of outcome: BoundaryOutcome, _ point: BoundaryPoint, gap: Double, isZero: Bool
  ) -> Explanation.Status {
    if outcome.status != .found { return .boundary(outcome.status) }
    if point.l2 < Self.leastDistance, !isZero {
      return .boundaryTooNear(distance: point.l2)
    }
    return gap <= tolerance ? .complete : .completenessFailed(gap: gap)
  }
}

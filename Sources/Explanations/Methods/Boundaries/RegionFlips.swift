public import Boundaries
public import Networks
import Tensors

/// Which single part of the picture could flip the decision, all else kept as it is.
///
/// The picture is cut into regions; for each the nearest flip point x′ is sought that differs from the
/// picture x in this region alone, its pixels within 0...1. A region's value is 1 / ‖x′ − x‖, written
/// to all its positions: `[1, H, W]`, 0 where no change of the region was found to flip the decision,
/// larger where less does. Pixels that the subject keeps are kept here too. The counterpart is the
/// nearest of all these flip points.
///
/// Distances are upper bounds, as those of ``FlipPoints`` are; a region without one may still have one.
/// Deterministic: random starts are keyed by the subject's seed. Costs up to `search.gradients` backward
/// passes for each region.
///
/// The single-feature flips of Yousefzadeh, O'Leary: Interpreting Neural Networks Using Flip Points,
/// 2019 (arXiv:1903.08789), with regions as features.
public struct RegionFlips: Explainer, Segmenting {
  public static let about = MethodDescription(
    name: "region-flips",
    summary: "Superpixels by how little change in each alone flips the decision.",
    source: "after Yousefzadeh, O'Leary: Interpreting Neural Networks Using Flip Points, 2019 "
      + "(arXiv:1903.08789)",
    parameters: Segmentation.parameters.merging(FlipPoints.parameters) { $1 })

  public var segmentation = Segmentation.slic
  public var regions = 50
  public var quickshift = Quickshift()
  public var norm = Norm.l2
  public var search = ProjectionSearch(gradients: 12)

  public init() {}

  public func validate() throws(ExplainerError) {
    try validateSegmentation()
    try search.validate(for: Self.about.name)
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    let regions = segments(of: input)
    let outcomes = try outcomes(regions, question, model)
    let distances = outcomes.map { $0.point?.distance ?? .infinity }
    let nearest = distances.indices.min { (distances[$0], $0) < (distances[$1], $1) } ?? 0
    let isFound = distances[nearest] < .infinity
    // A picture on the boundary itself needs no change: nothing is to be shown.
    let values = distances.map { $0 > 0 ? 1 / $0 : 0 }
    return Explanation(
      map: AttributionMap(regions.map(values), sign: .magnitude),
      counterpart: isFound ? outcomes[nearest].point?.point : nil,
      diagnostics: Self.diagnostics(of: outcomes, nearest: isFound ? nearest : nil),
      status: isFound ? .complete : .boundary(Self.status(of: outcomes)))
  }

  /// What was found for each region. Together they go through the model as many at a time as it takes.
  private func outcomes(
    _ regions: Regions, _ question: Question, _ model: any DifferentiableClassifier
  ) throws(ExplainerError) -> [BoundaryOutcome] {
    var outcomes: [BoundaryOutcome] = []
    for first in stride(from: 0, to: regions.count, by: model.batchLimit) {
      let pass = first..<min(first + model.batchLimit, regions.count)
      outcomes += try search.outcomes(for: Self.about.name, using: model) {
        () throws(BoundaryError) in
        try pass.map { region throws(BoundaryError) in
          let others = Tensor(
            regions.labels.map { $0 == region ? 0 : 1 }, shape: [regions.height, regions.width])
          return try BoundaryQuery(question, norm: norm, frozen: others)
        }
      }
    }
    return outcomes
  }

  private static func diagnostics(
    of outcomes: [BoundaryOutcome], nearest: Int?
  ) -> Diagnostics {
    let gradients = outcomes.reduce(0) { $0 + $1.effort.gradients }
    var diagnostics = Diagnostics(
      forwardPasses: outcomes.reduce(gradients) { $0 + $1.effort.forwards },
      backwardPasses: gradients)
    let points = outcomes.compactMap(\.point).sorted { $0.distance < $1.distance }
    diagnostics.values = [
      "regions": Double(outcomes.count), "flipping": Double(points.count),
    ]
    guard let nearest, let point = outcomes[nearest].point else { return diagnostics }
    diagnostics.values["distance"] = point.distance
    diagnostics.values["foil"] = Double(point.foil)
    diagnostics.series = [
      "distances": points.map(\.distance), "foils": points.map { Double($0.foil) },
    ]
    return diagnostics
  }

  /// Why no region flips the decision: what holds of all of them, or else that none was found.
  private static func status(of outcomes: [BoundaryOutcome]) -> BoundaryStatus {
    let reasons = Set(outcomes.map(\.status))
    if reasons.count == 1, let only = reasons.first, only != .found { return only }
    return reasons.contains(.nonFinite) ? .nonFinite : .noBoundaryFound
  }
}

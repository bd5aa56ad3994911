import Boundaries
import Imaging
public import Networks
import Tensors

/// The picture whose features are the nearest on the decision boundary, and what each pixel contributes to
/// the margin on the way there.
///
/// An invertible network T takes the picture x to features v, on which the classifier is linear: the
/// boundary of two classes is a plane, and the nearest point v′ of it is known in closed form. x′ = T⁻¹(v′)
/// is brought back by the exact inverse: no search, and the boundary itself rather than an upper bound on
/// how far it is. Without a foil v′ is the nearest point of all boundaries, on which no third class leads. With
/// a foil it is the nearest point at which just these two tie: where a third class leads at the plain
/// projection, a small quadratic programme with all classes' conditions is solved exactly.
///
/// The map is (x − x′) · ∇(zᵢ − zⱼ), `[C, H, W]`, signed: positive speaks for the fact i. With
/// `gradient=segment` gradients are averaged on the straight way from x′ to x, by as many points as its sum
/// needs to be the margin zᵢ − zⱼ at x within `tolerance`; with `input` and `projection` it is the first-order
/// model at either end, whose sum is what it is. The counterpart is x′.
///
/// **x′ is not the nearest picture on the boundary.** It is the preimage of an orthogonal projection among
/// features, and T stretches some directions more than others. So the nearest flip point that a search of
/// pixels finds is told beside it: both ways in the strip `changes`, both distances in pixels and in
/// features among the diagnostics; `flip=false` saves the search.
///
/// **x′ may leave 0...1**: clipping would take it off the boundary. Its numbers are kept as they are, drawings
/// show them clipped, `outside` is by how much the worst value leaves, and `outsideShare` the part of
/// pixels that do. Pixels that the subject keeps are not kept, which a note says.
///
/// Rounding: x′ is sent forward again, and where the two scores differ there by more than `tie`, the
/// conditions are corrected by what was found, and features projected anew, up to `corrections` times.
/// What is left is `margin`; `reconstructionError` is the largest |T⁻¹(T(x)) − x|. Beyond `tie` and
/// `drift` the status says that the inverse drifts.
///
/// Deterministic. Costs a pass each way and, for each correction, another; as many forward and backward
/// passes as steps, doublings included; and the search.
///
/// Zhuang, Dvornek, Li, Yang, Duncan: Decision explanation and feature importance for invertible networks,
/// 2019 (arXiv:1910.00406). The paper projects on the boundary of two classes; inequalities of other
/// classes, the average along the segment, corrections and reports are ours.
public struct InvertibleProjection: Explainer {
  public static let about = MethodDescription(
    name: "invertible-projection",
    summary: "Features projected on the decision boundary and brought back to pixels exactly.",
    source: "Zhuang, Dvornek, Li, Yang, Duncan: Decision explanation and feature importance for "
      + "invertible networks, 2019 (arXiv:1910.00406)",
    parameters: SearchChoice.parameters(of: ProjectionSearch.self).merging([
      "gradient": LocalModel.meaning,
      "steps": "points on the segment to begin with, 1 or more",
      "maximumSteps": "where doubling them ends",
      "tolerance": "completeness gap to reach, as a part of the margin",
      "tie": "how far both scores may differ at the projection after the round trip",
      "drift": "largest error of pixels restored from their features, 0...1 being their range",
      "corrections": "how often the projection is corrected for rounding, at most",
      "flip": "whether the nearest flip point is looked for, to compare with",
    ]) { $1 })

  public var gradient = LocalModel.segment
  /// Points on the segment to begin with, at least 1.
  public var steps = 32
  /// Where doubling ends; at most 4096. Less than `steps` means no doubling.
  public var maximumSteps = 512
  /// The completeness gap to reach, above 0.
  public var tolerance = 0.01
  /// How far the scores may differ at the projection, above 0.
  public var tie = 1e-4
  /// How far pixels may be off after a round trip, above 0: about a quarter of a level of 256.
  public var drift = 1e-3
  /// At most, 0 or more.
  public var corrections = 3
  public var flip = true
  /// How the flip point beside is looked for.
  public var search = SearchChoice(ProjectionSearch(gradients: 20))

  /// What rounding may take a pixel out of 0...1 without its counting as outside.
  static let slack: Float = 1e-5

  public init() {}

  public func validate() throws(ExplainerError) {
    try search.chosen.validate(for: Self.about.name)
    try PathIntegral.validate(
      method: Self.about.name, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance)
    for (name, value) in [("tie", tie), ("drift", drift)] where !(value > 0) {
      throw .invalidParameter(
        method: Self.about.name, parameter: name, reason: "must be above 0, found \(value)")
    }
    guard (0...100).contains(corrections) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "corrections",
        reason: "must be 0...100, found \(corrections)")
    }
  }

  public func explain(
    _ question: Question, using model: any InvertibleClassifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    let features = model.features(of: input)
    let ties = FeatureTies(model.head, fact: question.fact, features: features)
    let (tie, status) = Self.tie(for: question, among: ties)
    guard let tie else { return Self.nothing(status, for: question, ties) }
    guard let arrival = arrival(at: tie, of: ties, from: features, using: model) else {
      return Self.nothing(.boundary(.nonFinite), for: question, ties)
    }
    let (map, path) = try gradient.importance(
      from: arrival.point, to: input,
      PathIntegral(
        method: Self.about.name, objective: .margin(question.fact, over: tie.foil),
        fact: question.fact, steps: steps, maximumSteps: maximumSteps, tolerance: tolerance),
      using: model)
    let error = Double(model.reconstructionErrors(of: input)[0])
    let displacement = arrival.point - input
    var diagnostics = Diagnostics(
      forwardPasses: 3 + 2 * (arrival.corrections + 1) + path.points + 2,
      backwardPasses: path.points)
    diagnostics.values = [
      "distance": Norm.l2.length(of: displacement),
      "linf": Double(displacement.largestMagnitude),
      "meanAbsolute": Norm.l1.length(of: displacement) / Double(displacement.count),
      "featureDistance": arrival.tie.distance, "foil": Double(tie.foil),
      "otherTies": Double(arrival.tie.others.count),
      "startMargin": ties.margins[tie.foil], "margin": arrival.margins[tie.foil],
      "thirdClassGap": arrival.thirdClassGap, "corrections": Double(arrival.corrections),
      "reconstructionError": error, "completenessGap": path.gap, "steps": Double(path.steps),
      "otherClass": Double(path.pointsElsewhere) / Double(path.steps),
    ]
    diagnostics.values.merge(Self.outside(arrival.point)) { $1 }
    if question.subject.kept != nil {
      diagnostics.notes["kept"] = "not kept: an inverse restores all pixels"
    }
    var changes = [Frame("projection of features", displacement, of: arrival.tie.distance)]
    if flip {
      changes += try flipPoint(
        for: question, features, using: model, telling: &diagnostics)
    }
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      counterpart: arrival.point, strips: changes.count > 1 ? [Frame.strip(changes)] : [],
      diagnostics: diagnostics,
      status: self.status(
        status, arrival, reconstruction: error, path, displacement,
        isZero: map.largestMagnitude == 0))
  }

  // MARK: - In feature space

  /// The tie that a question asks for, or why there is none.
  private static func tie(
    for question: Question, among ties: FeatureTies
  ) -> (tie: FeatureTies.Tie?, status: Explanation.Status) {
    guard ties.margins.allSatisfy(\.isFinite) else { return (nil, .boundary(.nonFinite)) }
    if let foil = question.foil {
      if let tie = ties.tie(with: foil) { return (tie, .complete) }
      return (nil, ties.isParallel(foil) ? .parallelClasses : .thirdClassLeads)
    }
    guard ties.margins.allSatisfy({ $0 >= 0 }) else {
      return (nil, .boundary(.startMisclassified))
    }
    guard let nearest = ties.nearest() else { return (nil, .parallelClasses) }
    let isAlone = nearest.distance == 0 || ties.nearestCount == 1
    return (nearest, isAlone ? .complete : .boundary(.degenerateTie))
  }

  private static func nothing(
    _ status: Explanation.Status, for question: Question, _ ties: FeatureTies
  ) -> Explanation {
    var diagnostics = Diagnostics(forwardPasses: 1)
    if status == .boundary(.startMisclassified) { diagnostics.values["distance"] = 0 }
    if let foil = question.foil { diagnostics.values["startMargin"] = ties.margins[foil] }
    return Explanation(
      map: AttributionMap(Tensor(zeros: question.subject.input.shape.item), sign: .signed),
      diagnostics: diagnostics, status: status)
  }

  // MARK: - Back to pixels

  /// Where a tie of features was restored.
  private struct Arrival {
    let tie: FeatureTies.Tie
    let point: Tensor
    /// After the round trip.
    let margins: [Double]
    /// The lower of both scores less the best of all others.
    let thirdClassGap: Double
    var corrections: Int

    init(
      _ tie: FeatureTies.Tie, _ point: Tensor, margins: [Double], fact: ClassIndex,
      corrections: Int
    ) {
      self.tie = tie
      self.point = point
      self.margins = margins
      self.corrections = corrections
      let others = margins.indices.filter { $0 != fact && $0 != tie.foil }.map { margins[$0] }
      thirdClassGap = (others.min() ?? .infinity) - max(0, margins[tie.foil])
    }

    /// How far it is from a tie above all others.
    var residual: Double { max(margins[tie.foil].magnitude, -thirdClassGap) }
  }

  /// The restored point whose tie is the best of all corrections; nil where none is finite.
  private func arrival(
    at tie: FeatureTies.Tie, of ties: FeatureTies, from features: Tensor,
    using model: any InvertibleClassifier
  ) -> Arrival? {
    var best: Arrival?
    var tie = tie
    for correction in 0...corrections {
      let point = model.input(restoring: ties.moved(features, to: tie))
      guard point.isFinite else { break }
      let margins = FeatureTies.margins(
        of: ties.fact, model.head, model.features(of: point))
      guard margins.allSatisfy(\.isFinite) else { break }
      let found = Arrival(
        tie, point, margins: margins, fact: ties.fact, corrections: correction)
      if found.residual < best?.residual ?? .infinity { best = found }
      best?.corrections = correction
      if found.residual <= self.tie { break }
      let errors = margins.indices.map { margins[$0] - ties.margins[$0] - tie.changes[$0] }
      guard let next = ties.tie(with: tie.foil, correcting: errors) else { break }
      tie = next
    }
    return best
  }

  /// How far a point leaves 0...1, and at which part of its pixels.
  private static func outside(_ point: Tensor) -> [String: Double] {
    let plane = point.shape[2] * point.shape[3]
    var isOutside = [Bool](repeating: false, count: plane)
    var largest: Float = 0
    point.withScalars { values in
      for (index, value) in values.enumerated() {
        let excess = max(-value, value - 1)
        guard excess > slack else { continue }
        largest = max(largest, excess)
        isOutside[index % plane] = true
      }
    }
    return [
      "outside": Double(largest), "outsideShare": Double(isOutside.count { $0 }) / Double(plane),
    ]
  }

  private func status(
    _ status: Explanation.Status, _ arrival: Arrival, reconstruction: Double,
    _ path: PathIntegral.Path, _ displacement: Tensor, isZero: Bool
  ) -> Explanation.Status {
    if arrival.residual > tie || !(reconstruction <= drift) {
      return .inverseDrift(reconstruction: reconstruction, tie: arrival.residual)
    }
    if gradient == .segment, path.gap > tolerance { return .completenessFailed(gap: path.gap) }
    let distance = Norm.l2.length(of: displacement)
    if distance < BoundaryIntegratedGradients.leastDistance, !isZero {
      return .boundaryTooNear(distance: distance)
    }
    return status
  }

  // MARK: - Beside it

  /// The way to the nearest flip point that a search of pixels finds; none where the picture leaves 0...1.
  private func flipPoint(
    for question: Question, _ features: Tensor, using model: any InvertibleClassifier,
    telling diagnostics: inout Diagnostics
  ) throws(ExplainerError) -> [Frame] {
    let input = question.subject.input
    guard input.scalars.allSatisfy({ (-Self.slack...1 + Self.slack).contains($0) }) else {
      diagnostics.notes["flip"] = "not looked for: the picture itself leaves 0...1"
      return []
    }
    let outcome = try search.chosen.outcome(
      for: question, using: model, method: Self.about.name)
    diagnostics.forwardPasses += outcome.effort.forwards + outcome.effort.gradients
    diagnostics.backwardPasses += outcome.effort.gradients
    diagnostics.notes["flip"] = outcome.status.rawValue
    guard let point = outcome.point else { return [] }
    let distance = Norm.l2.length(of: model.features(of: point.point) - features)
    diagnostics.forwardPasses += 1
    diagnostics.values.merge([
      "flipDistance": point.l2, "flipFeatureDistance": distance, "flipFoil": Double(point.foil),
    ]) { $1 }
    return [Frame("nearest flip point", point.displacement, of: distance)]
  }

  /// A way to the boundary, for the strip.
  private struct Frame {
    let title: String
    /// `[1, C, H, W]`
    let change: Tensor
    let values: [Double]

    init(_ name: String, _ change: Tensor, of featureDistance: Double) {
      let distance = Norm.l2.length(of: change)
      title = "\(name), \((1000 * distance).rounded() / 1000) away"
      self.change = change
      values = [distance, Double(change.largestMagnitude), featureDistance]
    }

    /// `changes`: summed over channels.
    static func strip(_ frames: [Frame]) -> Strip {
      let planes = frames.map { frame in
        let image = AttributionMap(
          frame.change.reshaped(to: frame.change.shape.item), sign: .change
        ).image
        return Tensor(image.samples, shape: [1, image.size.height, image.size.width])
      }
      return Strip(
        "changes", maps: .concatenating(planes), sign: .change,
        columns: ["distance", "linf", "featureDistance"],
        frames: frames.map { Strip.Frame($0.title, values: $0.values) })
    }
  }
}

public import Boundaries
public import Networks
import Tensors

/// What must change, and how little of it, for the decision to flip.
///
/// A flip point of the picture x is the nearest x′ whose pixels lie in 0...1 and for which the fact and
/// another class have equal scores: the foil if there is one, otherwise whichever class is nearest. The
/// map is the displacement x′ − x, `[C, H, W]`, in pixel units: positive where the picture must become
/// brighter, negative where darker. The counterpart is x′ itself, just beyond the boundary, so that the
/// network's answer to it is the other class. Its distance is a measure of confidence that a softmax
/// does not give: near pictures are decided by little.
///
/// The point is found by ``ProjectionSearch`` and verified; every distance is an upper bound, since
/// nothing proves that no point is nearer. Where there is none, the status says why, and the map is
/// zero: the network already prefers another class than the fact (its distance is 0), no point within
/// the bounds was found or can be, or the margin has no slope to follow.
///
/// Where the subject keeps pixels, they are those of x in x′ too, and the map is 0 there.
///
/// The published method solves the same problem by a general interior-point solver, and refuses points
/// whose other scores come within a slack of the tie, which can exclude the nearest one; here there is
/// no slack.
///
/// Deterministic: random starts are keyed by the subject's seed. Costs as many forward and backward
/// passes as `search.gradients` allows, and some forward passes.
///
/// Yousefzadeh, O'Leary: Interpreting Neural Networks Using Flip Points, 2019 (arXiv:1903.08789).
public struct FlipPoints: Explainer {
  public static let about = MethodDescription(
    name: "flip-points",
    summary: "The smallest change by which the decision flips, and the picture that it leads to.",
    source: "Yousefzadeh, O'Leary: Interpreting Neural Networks Using Flip Points, 2019 "
      + "(arXiv:1903.08789)",
    parameters: parameters)

  static let parameters = [
    "norm":
      "what is smallest: l2 (root of the sum of squares), linf (largest change) or l1 (sum of changes)"
  ].merging(
    ProjectionSearch.about.parameters.map { ("search.\($0)", $1) }, uniquingKeysWith: { $1 })

  public var norm = Norm.l2
  public var search = ProjectionSearch()

  public init() {}

  public func validate() throws(ExplainerError) {
    try search.validate(for: Self.about.name)
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    let outcome = try search.outcome(
      for: question, norm: norm, using: model, method: Self.about.name)
    return Explanation(
      map: AttributionMap(
        (outcome.point?.displacement ?? Tensor(zeros: input.shape)).reshaped(to: input.shape.item),
        sign: .change),
      counterpart: outcome.point?.point, diagnostics: Diagnostics(of: outcome),
      status: .init(outcome.status))
  }
}

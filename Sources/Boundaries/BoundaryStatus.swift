/// How a search for a boundary ended.
public enum BoundaryStatus: String, Sendable, Hashable, Codable, CaseIterable {
  /// A point was found and verified.
  case found
  /// Points were found, but several lie equally near in different directions: which of them is told is
  /// arbitrary.
  case degenerateTie = "degenerate-tie"
  /// Without a foil: another class already leads at the start, at distance 0.
  case startMisclassified = "start-misclassified"
  /// The search ended without a point beyond the boundary. There may be one.
  case noBoundaryFound = "no-boundary-found"
  /// Provably, the decision is the same everywhere within the bounds.
  case infeasibleBox = "infeasible-box"
  /// The margin has no slope at the start, nor from where it was tried again.
  case vanishingGradient = "vanishing-gradient"
  /// Scores or gradients are no numbers.
  case nonFinite = "non-finite"

  /// One sentence for a reader.
  public var summary: String {
    switch self {
    case .found: "The nearest known point of the boundary was verified."
    case .degenerateTie: "Several points of the boundary are equally near; one of them is told."
    case .startMisclassified: "The network already prefers another class."
    case .noBoundaryFound: "No point of another class was found within the bounds."
    case .infeasibleBox: "No point within the bounds has another class."
    case .vanishingGradient: "The margin has no slope to follow."
    case .nonFinite: "The network's scores or gradients are not finite."
    }
  }
}

public import Boundaries
public import Tensors

/// A method's answer to a question.
public struct Explanation: Sendable {
  public let map: AttributionMap
  /// Of methods that sample: how uncertain each value of the map is, as one standard error. Its values
  /// have the map's shape.
  public let standardError: AttributionMap?
  /// Another picture that the method found, `[1, C, H, W]`, values 0...1: a flip point, an adversarial
  /// picture, an inversion. What an inverse restores may lie beyond; the diagnostics tell how far.
  public let counterpart: Tensor?
  /// More of the answer: how it came about, or what it is made of. Most methods have none.
  public internal(set) var strips: [Strip]
  /// Of methods that tell regions of the picture apart: these, in the order of what they say of each.
  public let ranking: RegionRanking?
  public internal(set) var diagnostics: Diagnostics
  public internal(set) var status: Status

  /// How far an answer can be relied on.
  public enum Status: Sendable, Equatable {
    case complete
    /// The map is zero everywhere: the method found nothing that speaks for the fact.
    case nothingFound
    /// The map holds values that are no numbers or infinite: the picture or the network drives them out
    /// of range.
    case nonFinite
    /// The map does not add up to what it should explain, even at the largest effort allowed.
    case completenessFailed(gap: Double)
    /// Sampling ended before the map was as certain as was asked for; `error` is relative.
    case uncertain(error: Double)
    /// An optimisation was ended by its limit of steps while it still gained; the map is the best so
    /// far.
    case notConverged
    /// An optimised mask became the same everywhere; the map is the last before that.
    case maskCollapsed
    /// The class has next to no probability, or the softmax no slope, so that the optimisation had
    /// nothing to go by.
    case vanishingTarget(probability: Double)
    /// What should show nothing still shows the class, so that little needs to be kept for it.
    case backgroundShowsClass(probability: Double)
    /// A search for the nearest boundary ended otherwise than by a point, or by one of several that are
    /// equally near.
    case boundary(BoundaryStatus)
    /// Of methods that keep the first few regions: there are no others, so that none stands out.
    case allRegionsKept(count: Int)
    /// The decision changes so near to the picture, in pixel units, that what lies between is next to
    /// nothing.
    case boundaryTooNear(distance: Double)
    /// The network gives both classes the same weights, so that their margin is the same for every
    /// picture.
    case parallelClasses
    /// Wherever fact and foil tie, a third class leads.
    case thirdClassLeads
    /// What an inverse restores is not what it should be: `reconstruction` is the largest error of the
    /// picture's own pixels, `tie` how far scores that should be equal differ.
    case inverseDrift(reconstruction: Double, tie: Double)
  }

  public init(
    map: AttributionMap, standardError: AttributionMap? = nil, counterpart: Tensor? = nil,
    strips: [Strip] = [], ranking: RegionRanking? = nil,
    diagnostics: Diagnostics = Diagnostics(), status: Status = .complete
  ) {
    self.map = map
    self.standardError = standardError
    self.counterpart = counterpart
    self.strips = strips
    self.ranking = ranking
    self.diagnostics = diagnostics
    self.status = status
  }
}

extension Explanation.Status {
  /// A word for files and scripts.
  public var code: String {
    switch self {
    case .complete: "complete"
    case .nothingFound: "nothing-found"
    case .nonFinite: "non-finite"
    case .completenessFailed: "completeness-failed"
    case .uncertain: "uncertain"
    case .notConverged: "not-converged"
    case .maskCollapsed: "mask-collapsed"
    case .vanishingTarget: "vanishing-target"
    case .backgroundShowsClass: "background-shows-class"
    case .boundary(let status): status.rawValue
    case .allRegionsKept: "all-regions-kept"
    case .boundaryTooNear: "boundary-too-near"
    case .parallelClasses: "parallel-classes"
    case .thirdClassLeads: "third-class-leads"
    case .inverseDrift: "inverse-drift"
    }
  }
}

/// Numbers that a method reports about its own work.
public struct Diagnostics: Sendable, Equatable {
  /// By name; the method's description tells what each means.
  public var values: [String: Double]
  /// Words that the method has to say, such as the layer it chose.
  public var notes: [String: String]
  /// Numbers that came one after the other, such as the loss of every step, by name.
  public var series: [String: [Double]]
  /// Pictures sent forward and backward through the network.
  public var forwardPasses: Int
  public var backwardPasses: Int

  public init(
    values: [String: Double] = [:], notes: [String: String] = [:],
    series: [String: [Double]] = [:], forwardPasses: Int = 0, backwardPasses: Int = 0
  ) {
    self.values = values
    self.notes = notes
    self.series = series
    self.forwardPasses = forwardPasses
    self.backwardPasses = backwardPasses
  }
}

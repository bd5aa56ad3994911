public import Networks
public import Tensors

/// A way to look for the nearest point of a decision boundary: its stored properties are its
/// parameters, each with a good default.
///
/// A search names points beyond the boundary. What leaves it has passed one seam, the same for all: the
/// segment from the input to each point is bisected down to the boundary, the nearest is evaluated
/// afresh, and a point that does not change the decision, or lies outside of the bounds, is never
/// returned. Equal searches answer equal queries with equal bits, whatever other queries go along.
///
/// Every distance is an upper bound on the true one.
public protocol BoundarySearch: Sendable, Codable {
  /// What the search is, for lists and help.
  static var about: SearchDescription { get }

  /// The defaults.
  init()

  /// Throws `parameter` where a parameter lies outside its range.
  func validate() throws(BoundaryError)

  /// Gradients that may be spent beside the search's own for a pair whose tie a third class overtakes.
  var gradientsForThirds: Int { get }

  /// Looks for points beyond the boundary, for the sites of these numbers. Points need not be near the
  /// boundary; the search's bounds must hold for them. All sites have finite scores and start inside.
  func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate]
}

/// What a search proposes.
public struct BoundaryCandidate: Sendable {
  public let site: Int
  /// In pixels, `[1, C, H, W]`.
  public let point: Tensor
  /// Which start it comes from, for readers; empty where there is but one.
  public let origin: String
  /// Whether both classes of a pair tie there, beside a third: then the way from the start may cross
  /// their margin before, and the point is taken as it is.
  public let isTie: Bool

  public init(site: Int, point: Tensor, origin: String = "", isTie: Bool = false) {
    self.site = site
    self.point = point
    self.origin = origin
    self.isTie = isTie
  }
}

/// What is said of a search in lists and help.
public struct SearchDescription: Sendable, Equatable {
  /// As on the command line: `projection`.
  public let name: String
  /// One line.
  public let summary: String
  /// Authors, title, year, identifier.
  public let source: String
  /// Norms that it minimises.
  public let norms: Set<Norm>
  public let needsGradients: Bool
  /// What each parameter means, by its encoded name.
  public let parameters: [String: String]

  public init(
    name: String, summary: String, source: String, norms: Set<Norm> = [.l2],
    needsGradients: Bool = true, parameters: [String: String] = [:]
  ) {
    self.name = name
    self.summary = summary
    self.source = source
    self.norms = norms
    self.needsGradients = needsGradients
    self.parameters = parameters
  }
}

extension BoundarySearch {
  public var gradientsForThirds: Int { 60 }

  public func validate() throws(BoundaryError) {}

  /// The nearest known boundary point of each query, in order.
  ///
  /// All queries go through the model together. Throws for a query that does not fit the model, a norm
  /// that the search does not minimise, and parameters out of range.
  public func nearestPoints(
    for queries: [BoundaryQuery], using model: any Classifier
  ) throws(BoundaryError) -> [BoundaryOutcome] {
    try validate()
    let about = Self.about
    if about.needsGradients, !(model is any DifferentiableClassifier) {
      throw .needsGradients(search: about.name)
    }
    for query in queries {
      guard query.input.shape.item == model.inputShape else {
        throw .query("the model takes \(model.inputShape), got \(query.input.shape)")
      }
      guard model.classCount >= 2 else { throw .query("a single class has no boundary") }
      for index in [query.fact, query.foil ?? 0] where !(0..<model.classCount).contains(index) {
        throw .query("there is no class \(index); the model has \(model.classCount)")
      }
      guard about.norms.contains(query.norm) else { throw .norm(search: about.name, query.norm) }
    }
    return BoundaryInspection(queries, of: model).outcomes(of: self)
  }

  /// The nearest known boundary point for one query; otherwise as `nearestPoints(for:using:)`.
  public func nearestPoint(
    for query: BoundaryQuery, using model: any Classifier
  ) throws(BoundaryError) -> BoundaryOutcome {
    try nearestPoints(for: [query], using: model)[0]
  }
}

extension Classifier {
  /// The nearest known point of the decision boundary around an input, by the default search.
  ///
  /// Costs about sixty gradients. The distance is an upper bound.
  public func nearestBoundaryPoint(
    for query: BoundaryQuery, by search: some BoundarySearch = ProjectionSearch()
  ) throws(BoundaryError) -> BoundaryOutcome {
    try search.nearestPoint(for: query, using: self)
  }
}

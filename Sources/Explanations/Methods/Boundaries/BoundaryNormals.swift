import Boundaries
import Imaging
public import Networks
import Tensors

/// The mean normal of the decision boundaries around the picture, and how certain it is.
///
/// A single nearest point says what the boundary is like at one place, which another search may not
/// choose. Here boundary points are found from many starts, the picture itself and noisy copies of it,
/// with each of the nearest classes in turn (the foil alone where there is one). Their normals, the
/// gradients of the margin zᵢ − zⱼ at length 1, are averaged with weights r / (r + d), where d is how
/// far the boundary is from its start and r that of the first point: near boundaries count more. Searches
/// that find nothing count nothing.
///
/// The map is the mean, `[C, H, W]`, signed, with a standard error for every value; positive means that
/// a brighter value would speak for the fact. Sampling ends when the error of the map as a whole is
/// within `tolerance` of its size, or after `samples` starts: then the status says that it is uncertain.
///
/// The strip `classes` has the mean normal with each class. Among the diagnostics, `resultantLength` is
/// the length of the mean: 1 where all normals are the same, so that "the" boundary is one; for n
/// normals that have nothing in common it is about 1/√n. `agreement`, the mean cosine of two normals,
/// is then about 0, however few there are.
///
/// Randomness is keyed by the subject's seed. Each start costs a search.
///
/// After Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions Look Normal,
/// 2021 (arXiv:2103.11257), whose view is that attributions of smoothed networks are averages of
/// nearby boundaries' normals; the average itself, its weights and its error are ours.
public struct BoundaryNormals: Explainer {
  public static let about = MethodDescription(
    name: "boundary-normals",
    summary: "Normals of many decision boundaries around the picture, averaged, with their error.",
    source:
      "after Wang, Fredrikson, Datta: Robust Models Are More Interpretable Because Attributions "
      + "Look Normal, 2021 (arXiv:2103.11257)",
    parameters: SearchChoice.parameters(of: ProjectionSearch.self).merging([
      "samples": "how many boundary points are looked for, at most",
      "tolerance": "relative error of the map at which sampling ends; 0 takes all samples",
      "noise": "deviation of the noise that starts have, in pixel units",
      "classes": "of how many classes' boundaries the points are, where no foil is asked for",
    ]) { $1 })

  /// Starts at most, at least 2.
  public var samples = 64
  /// The relative error at which to stop earlier; 0 takes all samples.
  public var tolerance = 0.5
  /// The deviation of starts, in pixel units.
  public var noise = 0.05
  /// How many classes' boundaries, at least 1.
  public var classes = 3
  public var search = SearchChoice(ProjectionSearch(gradients: 20))

  public init() {}

  private var effort: SamplingEffort {
    SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance, block: 8)
  }

  public func validate() throws(ExplainerError) {
    try effort.validate()
    try search.chosen.validate(for: Self.about.name)
    try SurroundingBoundaries.validate(noise: noise, for: Self.about.name)
    guard (1...10).contains(classes) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "classes", reason: "must be 1...10, found \(classes)")
    }
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    if question.foil == nil, model.prediction(for: input).top != question.fact {
      return Explanation(
        map: AttributionMap(Tensor(zeros: input.shape.item), sign: .signed),
        diagnostics: Diagnostics(values: ["distance": 0], forwardPasses: 1),
        status: .boundary(.startMisclassified))
    }
    let around = SurroundingBoundaries(
      question, noise: noise, classes: classes, search: search, method: Self.about.name,
      using: model)
    var account = Account(input.shape.item, classes: around.foils.compactMap(\.self))
    let (taken, error, status) = try effort.run { range throws(ExplainerError) in
      for outcome in zip(range, try around.outcomes(from: range, using: model)) {
        account.add(outcome.1, foil: around.foil(ofStart: outcome.0))
      }
    } error: {
      account.relativeError
    }
    let isWithout = account.sums.count == 0
    return Explanation(
      map: AttributionMap(account.sums.mean, sign: .signed),
      standardError: AttributionMap(account.sums.errorOfMean, sign: .magnitude),
      counterpart: account.own?.point, strips: account.strips(),
      diagnostics: account.diagnostics(samples: taken, error: error),
      status: isWithout ? .init(account.first) : status)
  }

  /// What was found so far.
  private struct Account {
    var sums: WeightedSums
    private var sumsOfClasses: [(foil: ClassIndex, sums: WeightedSums, distance: Double)]
    private var outcomes: [BoundaryStatus: Int] = [:]
    private var forwards = 0, gradients = 0
    private var distances: [Double] = []
    /// What the first start, the picture itself, has led to.
    private(set) var first = BoundaryStatus.noBoundaryFound
    private(set) var own: BoundaryPoint?
    private var reference: Double?

    init(_ shape: Shape, classes: [ClassIndex]) {
      sums = WeightedSums(shape)
      sumsOfClasses = classes.map { ($0, WeightedSums(shape), 0) }
    }

    var relativeError: Double { sums.errorOfMean.relativeError(of: sums.mean) }

    mutating func add(_ outcome: BoundaryOutcome, foil: ClassIndex?) {
      if outcomes.isEmpty { (first, own) = (outcome.status, outcome.point) }
      outcomes[outcome.status, default: 0] += 1
      forwards += outcome.effort.forwards
      gradients += outcome.effort.gradients
      guard let point = outcome.point, point.side != .inside, let normal = point.normal else {
        return
      }
      distances.append(point.l2)
      let reference = max(self.reference ?? point.l2, 1e-6)
      self.reference = reference
      let weight = reference / (reference + point.l2)
      sums.add(normal, weight: weight)
      if let place = sumsOfClasses.firstIndex(where: { $0.foil == foil }) {
        sumsOfClasses[place].sums.add(normal, weight: weight)
        sumsOfClasses[place].distance += point.l2
      }
    }

    /// `classes`: the mean normal with each class.
    func strips() -> [Strip] {
      let found = sumsOfClasses.filter { $0.sums.count > 0 }
      guard found.count > 1 else { return [] }
      let maps = found.map { AttributionMap($0.sums.mean, sign: .signed).image }
      return [
        Strip(
          "classes",
          maps: .concatenating(
            maps.map { Tensor($0.samples, shape: [1, $0.size.height, $0.size.width]) }),
          sign: .signed, columns: ["class", "points", "distance", "resultantLength", "agreement"],
          frames: found.map { foil, sums, distance in
            Strip.Frame(
              "against class \(foil): \(sums.count) points",
              values: [
                Double(foil), Double(sums.count), distance / Double(sums.count),
                sums.resultantLength, sums.meanProduct,
              ])
          })
      ]
    }

    func diagnostics(samples: Int, error: Double) -> Diagnostics {
      var diagnostics = Diagnostics(
        values: [
          "samples": Double(samples), "points": Double(sums.count), "relativeError": error,
          "resultantLength": sums.resultantLength, "agreement": sums.meanProduct,
        ], series: ["distances": distances],
        forwardPasses: forwards + gradients, backwardPasses: gradients)
      if let own { diagnostics.values["distance"] = own.l2 }
      for (status, count) in outcomes where status != .found {
        diagnostics.values[status.rawValue] = Double(count)
      }
      return diagnostics
    }
  }
}

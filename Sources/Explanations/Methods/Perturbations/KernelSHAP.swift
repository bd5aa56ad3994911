public import Networks
import Tensors

/// Shapley values of the picture's regions: what each adds to the score, on average over all orders in
/// which regions may come.
///
/// Absent regions are as in the baseline. The values are the weighted least-squares fit of scores of
/// coalitions that adds up to f(x) − f(b) exactly. Where there are no more coalitions than `samples`,
/// all are tried and the values are exact; otherwise coalitions are drawn in pairs with their
/// complements, sizes by the Shapley kernel, keyed by the subject's seed, and each value has a standard
/// error. The map is `[1, H, W]`, signed, a region's value at each of its positions. A forward pass for
/// each sample, and two.
///
/// Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017 (arXiv:1705.07874); the
/// pairs are of Covert, Lee: Improving KernelSHAP, 2021 (arXiv:2012.01536).
public struct KernelSHAP: Explainer, Segmenting {
  public static let about = MethodDescription(
    name: "kernel-shap",
    summary: "Shapley values of superpixels: what each adds to the score on average.",
    source: "Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017 "
      + "(arXiv:1705.07874)",
    parameters: SamplingEffort.parameters.merging(Segmentation.parameters) { $1 }.merging([
      "baseline": "what is seen where a region is absent: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ]) { $1 })

  public var samples = 1000
  /// 0 takes all samples.
  public var tolerance = 0.0
  public var segmentation = Segmentation.slic
  public var regions = 50
  public var quickshift = Quickshift()
  public var baseline = Baseline.mean
  public var score = Score.logit

  public init() {}

  private var effort: SamplingEffort {
    SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance)
  }

  public func validate() throws(ExplainerError) {
    try effort.validate()
    try validateSegmentation()
  }

  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    try explain(question, using: model, by: segments(of: question.subject.input))
  }

  func explain(
    _ question: Question, using model: any Classifier, by regions: Regions
  ) throws(ExplainerError) -> Explanation {
    let (input, seed) = (question.subject.input, question.subject.seed)
    let obscured = Obscured(input: input, baseline: baseline.tensor(for: input, seed: seed))
    func scores(of coalitions: [Coalition]) -> [Double] {
      model.scores(of: score, for: question, at: coalitions.indices) { index in
        obscured.picture(of: regions) { coalitions[index].members[$0] }
      }
    }
    let players = regions.count
    let ends = scores(
      of: [false, true].map {
        Coalition(members: [Bool](repeating: $0, count: players), weight: 0)
      })
    var fit = ShapleyFit(players: players, empty: ends[0], all: ends[1])
    let isExact = players < 24 && 1 << players <= samples + 2
    let taken: Int
    var status = Explanation.Status.complete
    if isExact {
      let coalitions = Coalition.all(of: players)
      for (coalition, score) in zip(coalitions, scores(of: coalitions)) {
        fit.add([coalition], scores: [score])
      }
      taken = coalitions.count
    } else {
      let random = CounterRandom(seed: seed, stream: RandomStream.coalitions)
      (taken, _, status) = effort.run { range in
        let pairs = (range.lowerBound / 2..<range.upperBound / 2).map {
          Coalition.pair(of: players, random, sample: $0)
        }
        let scores = scores(of: pairs.flatMap(\.self))
        for (index, pair) in pairs.enumerated() {
          fit.add(pair, scores: Array(scores[2 * index..<2 * index + 2]))
        }
      } error: {
        guard let (values, errors) = fit.solution else { return .infinity }
        let error = regions.map(errors).relativeError(of: regions.map(values))
        return error
      }
    }
    guard let (values, errors) = fit.solution else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "samples",
        reason: "of \(samples) do not settle \(players) regions; take \(8 * players) or more")
    }
    let (map, error) = (regions.map(values), regions.map(errors))
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      standardError: isExact ? nil : AttributionMap(error, sign: .magnitude),
      diagnostics: Diagnostics(
        values: [
          "objective": ends[1], "objectiveAtBaseline": ends[0], "regions": Double(players),
          "samples": Double(taken), "relativeError": isExact ? 0 : error.relativeError(of: map),
        ], forwardPasses: taken + 2), status: status)
  }
}

/// Some of the regions, and how much their score counts.
private struct Coalition {
  let members: [Bool]
  let weight: Double

  /// All that are neither empty nor whole, under the Shapley kernel (M − 1) / (C(M, k)·k·(M − k)).
  static func all(of players: Int) -> [Coalition] {
    guard players > 1 else { return [] }
    return (1..<(1 << players) - 1).map { bits in
      let size = bits.nonzeroBitCount
      let choices = (0..<size).reduce(1.0) { $0 * Double(players - $1) / Double($1 + 1) }
      return Coalition(
        members: (0..<players).map { bits >> $0 & 1 == 1 },
        weight: Double(players - 1) / (choices * Double(size * (players - size))))
    }
  }

  /// A coalition and its complement; sizes are as likely as the kernel weighs all of that size.
  static func pair(of players: Int, _ random: CounterRandom, sample: Int) -> [Coalition] {
    var numbers = random.sequence(sample: sample)
    let weights = (1..<players).map { 1 / Double($0 * (players - $0)) }
    var place = Double.random(in: 0..<weights.reduce(0, +), using: &numbers)
    var size = 1
    while size < players - 1, place >= weights[size - 1] {
      place -= weights[size - 1]
      size += 1
    }
    var order = Array(0..<players)
    order.shuffle(using: &numbers)
    var members = [Bool](repeating: false, count: players)
    for player in order[..<size] { members[player] = true }
    return [
      Coalition(members: members, weight: 1), Coalition(members: members.map { !$0 }, weight: 1),
    ]
  }
}

/// The fit of values to scores of coalitions, under the condition that they add up.
private struct ShapleyFit {
  let players: Int
  let empty: Double
  let change: Double
  private var fit: LinearFit
  private var units: [(coalitions: [Coalition], scores: [Double])] = []

  init(players: Int, empty: Double, all: Double) {
    self.players = players
    self.empty = empty
    change = all - empty
    fit = LinearFit(unknowns: players - 1)
  }

  /// The condition is used up by the last player: its value is what the others leave.
  private func row(_ coalition: Coalition, score: Double) -> (row: [Double], value: Double) {
    let last: Double = coalition.members[players - 1] ? 1 : 0
    return (
      coalition.members.dropLast().map { ($0 ? 1 : 0) - last }, score - empty - last * change
    )
  }

  mutating func add(_ coalitions: [Coalition], scores: [Double]) {
    for (coalition, score) in zip(coalitions, scores) {
      let (row, value) = row(coalition, score: score)
      fit.add(row, value: value, weight: coalition.weight)
    }
    units.append((coalitions, scores))
  }

  /// Values and standard errors of all players.
  var solution: (values: [Double], errors: [Double])? {
    guard players > 1 else { return ([change], [0]) }
    guard let values = fit.solution else { return nil }
    let residuals = units.map { coalitions, scores in
      var sum = [Double](repeating: 0, count: players - 1)
      for (coalition, score) in zip(coalitions, scores) {
        let (row, value) = row(coalition, score: score)
        let rest = value - zip(row, values).reduce(0) { $0 + $1.0 * $1.1 }
        for i in row.indices { sum[i] += coalition.weight * row[i] * rest }
      }
      return sum
    }
    guard let covariance = fit.covariance(ofUnits: residuals) else { return nil }
    let errors = values.indices.map { max(covariance[$0 * values.count + $0], 0).squareRoot() }
    return (
      values + [change - values.reduce(0, +)],
      errors + [max(covariance.reduce(0, +), 0).squareRoot()]
    )
  }
}

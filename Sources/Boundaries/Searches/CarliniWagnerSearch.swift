import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Descent of squared distance plus a penalty for the margin, in variables that cannot leave the bounds.
///
/// Pixels are middle + half · tanh(v) of their bounds (pixels without bounds are v itself). Adam minimises
/// |x − start|² + c · max(0, margin) / margin at the start, for weights c that grow tenfold until a
/// point lies beyond the boundary, and are halved between failure and success from then on. Costs a
/// gradient a step, `rounds` times.
///
/// Carlini, Wagner: Towards Evaluating the Robustness of Neural Networks, 2017 (arXiv:1608.04644). The
/// margin is a part of that at the start, so that the scale of the scores does not matter.
public struct CarliniWagnerSearch: BoundarySearch {
  /// Weights that are tried, at least 1.
  public var rounds = 9
  /// Steps for each at most, at least 1. A round ends early where it gains less than a ten-thousandth
  /// in a tenth of them.
  public var steps = 100
  /// Adam's step, above 0.
  public var pace = 0.01
  /// The first weight, above 0.
  public var weight = 0.01

  public static let about = SearchDescription(
    name: "carlini-wagner", summary: "descends the distance plus a penalty for the margin",
    source: "Carlini, Wagner 2017 (arXiv:1608.04644)",
    parameters: [
      "rounds": "weights of the penalty that are tried",
      "steps": "steps for each weight",
      "pace": "Adam's step",
      "weight": "the first weight of the penalty",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard rounds >= 1, steps >= 1, pace > 0, weight > 0 else {
      throw .parameter(
        search: Self.about.name,
        reason: "rounds and steps must be 1 or more, pace and weight above 0")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    var nearest = sites.map { _ in NearestBeyond() }
    var weights = sites.map { _ in (low: 0.0, high: Double.infinity, now: weight) }
    for _ in 0..<rounds {
      var descents = sites.map { Descent(survey.sites[$0]) }
      var hasSucceeded = sites.map { _ in false }
      var open = Array(sites.indices)
      for step in 1...steps where !open.isEmpty {
        let points = open.map { descents[$0].point }
        let slopes = survey.slopes(at: zip(open, points).map { .init(sites[$0], $1) }) {
          let site = survey.sites[sites[open[$0]]]
          return site.seed(over: site.rival(in: $1))
        }
        for (place, index) in open.enumerated() {
          let site = survey.sites[sites[index]]
          let margin = Double(site.margin(slopes[place].logits))
          if margin < 0 {
            nearest[index].offer(points[place], site.distance(points[place]))
            hasSucceeded[index] = true
          }
          descents[index].advance(
            slopes[place].gradient, margin: margin, weight: weights[index].now, pace: pace)
        }
        if step % max(steps / 10, 1) == 0 {
          for index in open { descents[index].check() }
        }
        open = open.filter { !descents[$0].isDone }
      }
      for index in sites.indices {
        if hasSucceeded[index] {
          weights[index].high = weights[index].now
        } else {
          weights[index].low = weights[index].now
        }
        let (low, high) = (weights[index].low, weights[index].high)
        weights[index].now = high.isFinite ? (low + high) / 2 : low * 10
      }
    }
    return nearest.candidates(sites)
  }

  /// Adam on the variables of one site.
  private struct Descent {
    let site: Site
    private var variables: [Double]
    private var adam: Adam
    private var loss = Double.infinity, lossBefore = Double.infinity
    private(set) var isDone = false
    private(set) var point: Tensor

    init(_ site: Site) {
      self.site = site
      point = site.start
      variables = (0..<site.start.count).map { index in
        let (low, high) = (Double(site.lower[index]), Double(site.upper[index]))
        let value = Double(site.start[index])
        guard low.isFinite, high.isFinite else { return value }
        guard high > low else { return 0 }
        // A little inside, where the variable is finite.
        return atanh(0.999999 * (2 * (value - low) / (high - low) - 1))
      }
      adam = Adam(count: variables.count)
    }

    mutating func advance(
      _ gradient: Tensor, margin: Double, weight: Double, pace: Double
    ) {
      let scale = Double(site.startMargin)
      loss = site.distance(point) * site.distance(point) + weight * max(0, margin) / scale
      let slopes = variables.indices.map { index in
        var slope = 2 * Double(point[index] - site.start[index])
        if margin > 0 { slope += weight * Double(gradient[index]) / scale }
        guard let (_, half) = span(index) else { return slope }
        let bend = tanh(variables[index])
        return slope * half * (1 - bend * bend)
      }
      adam.step(&variables, against: slopes, rate: pace)
      var next = point
      for index in variables.indices {
        let value = span(index).map { $0.middle + $0.half * tanh(variables[index]) }
        next[index] = min(
          max(Float(value ?? variables[index]), site.lower[index]), site.upper[index])
      }
      point = next
    }

    /// The middle and half the length of a pixel's bounds; nil where it has none.
    private func span(_ index: Int) -> (middle: Double, half: Double)? {
      let (low, high) = (Double(site.lower[index]), Double(site.upper[index]))
      return low.isFinite && high.isFinite ? ((low + high) / 2, (high - low) / 2) : nil
    }

    /// Ends the round where the loss has hardly fallen since the last check.
    mutating func check() {
      if loss > 0.9999 * lossBefore { isDone = true }
      lossBefore = loss
    }
  }
}

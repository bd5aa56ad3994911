import Networks
import Tensors

/// Walks along the boundary by labels alone, for models without gradients: HopSkipJump.
///
/// From a random point beyond, bisected onto the boundary, the normal is estimated by the labels of
/// random points around; a step along it, halved until it stays beyond, is bisected again. Costs
/// forward passes only: `queries` · √t in iteration t, and the bisections.
///
/// Chen, Jordan, Wainwright: HopSkipJumpAttack: A Query-Efficient Decision-Based Attack, 2020
/// (arXiv:1904.02144).
public struct HopSkipJumpSearch: BoundarySearch {
  public var iterations = 24
  /// Random points in the first iteration, at least 2.
  public var queries = 100

  public static let about = SearchDescription(
    name: "hop-skip-jump", summary: "walks along the boundary by labels alone",
    source: "Chen, Jordan, Wainwright 2020 (arXiv:1904.02144)", needsGradients: false,
    parameters: [
      "iterations": "steps along the boundary",
      "queries": "random points in the first iteration; they grow with the root of its number",
    ])

  public init() {}

  public func validate() throws(BoundaryError) {
    guard iterations >= 1, queries >= 2 else {
      throw .parameter(
        search: Self.about.name, reason: "iterations must be 1 or more, and queries 2 or more")
    }
  }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    let rays = Scatter().rays(for: sites, in: survey)
    return sites.compactMap { index in
      let starts = rays.filter { $0.site == index }.map { bisected($0.end, index, survey) }
      let site = survey.sites[index]
      guard var point = starts.min(by: { site.distance($0) < site.distance($1) }) else {
        return nil
      }
      var nearest = NearestBeyond()
      nearest.offer(point, site.distance(point))
      for iteration in 1...iterations {
        point = stepped(point, index, iteration, survey)
        nearest.offer(point, site.distance(point))
      }
      return nearest.point.map { BoundaryCandidate(site: index, point: $0) }
    }
  }

  /// Whether the label at each point is another one.
  private func isBeyond(_ points: [Tensor], _ index: Int, _ survey: Survey) -> [Bool] {
    survey.logits(at: points.map { .init(index, $0) }).map { survey.sites[index].margin($0) < 0 }
  }

  /// The last point beyond on the way back to the start.
  private func bisected(_ point: Tensor, _ index: Int, _ survey: Survey) -> Tensor {
    let site = survey.sites[index]
    var (low, high) = (0.0, 1.0)
    var best = point
    // As near as the paper's dimension^-1.5, at least a thousandth, at most what rounding allows.
    let tolerance = min(max(1 / (Double(site.start.count) * 200), 1e-6), 1e-3)
    while high - low > tolerance {
      let middle = site.between(point, (low + high) / 2)
      if isBeyond([middle], index, survey)[0] {
        high = (low + high) / 2
        best = middle
      } else {
        low = (low + high) / 2
      }
    }
    return best
  }

  /// One iteration: estimate, step, bisection.
  private func stepped(
    _ point: Tensor, _ index: Int, _ iteration: Int, _ survey: Survey
  ) -> Tensor {
    let site = survey.sites[index]
    let distance = site.distance(point)
    let count = Int(Double(queries) * Double(iteration).squareRoot())
    // Where rounding would swallow the change, a larger one.
    let dimension = Double(site.start.count)
    let reach = max(distance / dimension, 1e-4 * dimension.squareRoot() * distance)
    let random = CounterRandom(seed: site.seed, stream: RandomStream.labels)
    var sums = (beyond: Tensor(zeros: site.start.shape), all: Tensor(zeros: site.start.shape))
    var beyond = 0
    // In parts, so that few points are held at a time.
    for start in stride(from: 0, to: count, by: 64) {
      let points = (start..<min(start + 64, count)).map { number in
        let direction = random.normal(point.shape, sample: iteration << 32 | number)
        let length = Float(reach / Norm.l2.length(of: direction))
        return (point + length * direction).clamped(site.lower, site.upper)
      }
      for (sample, flag) in zip(points, isBeyond(points, index, survey)) {
        let change = sample - point
        sums.all += change
        if flag {
          sums.beyond += change
          beyond += 1
        }
      }
    }
    // Σ (φ − mean φ) · u with φ = ±1; all alike: their mean, by their sign.
    let mean = Float(2 * beyond - count) / Float(count)
    let normal: Tensor
    if beyond == 0 || beyond == count {
      normal = beyond == 0 ? -1 * sums.all : sums.all
    } else {
      normal = 2 * sums.beyond - (1 + mean) * sums.all
    }
    let length = Norm.l2.length(of: normal)
    guard length > 0 else { return point }
    var step = distance / Double(iteration).squareRoot()
    for _ in 0..<20 {
      let next = (point + Float(step / length) * normal).clamped(site.lower, site.upper)
      if isBeyond([next], index, survey)[0] { return bisected(next, index, survey) }
      step /= 2
    }
    return point
  }
}

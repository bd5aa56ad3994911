import Networks
import Tensors

/// One start of a `ProjectionSearch`, walking along the boundary.
struct ProjectionLane {
  /// A point that it came by, with the normal that led there.
  struct Stop {
    let point: Tensor
    let normal: Tensor
    /// Over any class.
    let margin: Float
    /// The distance at which the boundary is expected.
    let score: Double
  }

  let site: Int
  /// The class it goes for; nil for whichever is best where it stands.
  private(set) var rival: ClassIndex?
  let origin: String
  private(set) var point: Tensor
  private(set) var normal: Tensor?
  /// Gradients taken.
  private(set) var steps = 0
  private(set) var isConverged = false
  /// Whether the last linear model vanishes within the bounds.
  private(set) var isReaching = false
  /// The best points, the nearest first.
  private(set) var stops: [Stop] = []

  init(site: Int, rival: ClassIndex?, origin: String, from point: Tensor) {
    self.site = site
    self.rival = rival
    self.origin = origin
    self.point = point
  }

  /// Goes on where it is, as if it had seen no point yet but the normal there.
  mutating func renew() {
    stops = []
    isConverged = false
  }

  /// Takes back half of the last step, which began at a point.
  mutating func halveStep(from before: Tensor) { point = before.blended(with: point, 0.5) }

  /// The least distance expected; infinite before anything was found.
  var score: Double { stops.first?.score ?? .infinity }

  /// The class whose margin is to be followed at the point: after the first steps, one that is clearly
  /// nearer than the rival takes its place. With many classes it is seldom known at the start.
  func rival(at logits: [Float], of site: Site) -> ClassIndex {
    let best = site.rival(in: logits)
    guard let rival else { return best }
    let lead = site.margin(logits, over: rival) - site.margin(logits, over: best)
    return steps >= 3 && lead > 0.05 * site.startMargin ? best : rival
  }

  /// Takes the slope at the point and goes on to the next one.
  ///
  /// - Parameter weight: how much of the gradient enters the average.
  mutating func advance(_ slope: Survey.Slope, of site: Site, weight: Float) {
    let gradient = slope.gradient
    let overall = site.margin(slope.logits)
    if rival != nil { rival = rival(at: slope.logits, of: site) }
    let margin = rival.map { site.margin(slope.logits, over: $0) } ?? overall
    steps += 1
    let steepness = site.norm.dual.length(of: gradient)
    guard steepness > 0, steepness.isFinite, margin.isFinite else {
      // Nowhere to go from here: half-way back, where there was a slope.
      isConverged = normal == nil
      point = site.between(point, 0.5)
      return
    }
    let scale = Double(site.startMargin)
    let length = site.distance(point)
    if let normal, length > 0 {
      note(length, Double(margin), overall, steepness, normal, scale)
      if Double(margin.magnitude) <= 1e-3 * scale,
        let residual = Optimality.residual(gradient, at: point, of: site), residual < 1e-7
      {
        isConverged = true
      }
    }
    normal = normal.map { $0.blended(with: gradient, weight) } ?? gradient
    guard let normal, !isConverged else { return }
    let back = Double(margin) + VectorSums.dot(normal, site.start) - VectorSums.dot(normal, point)
    // Where the model would have the start near or beyond the boundary already, it is not to be
    // believed. A little further, so that points beyond are met as often as points inside.
    let value = max(back, 0.02 * scale) + 1e-3 * scale
    let next: Tensor
    (next, isReaching) = CutProjection(site: site, normal: normal).point(value: value)
    let reach = site.distance(next)
    let farthest = 2 * score
    point = reach > farthest ? site.between(next, farthest / reach) : next
  }

  /// Keeps the point if it is among the three best.
  private mutating func note(
    _ length: Double, _ margin: Double, _ overall: Float, _ steepness: Double, _ normal: Tensor,
    _ scale: Double
  ) {
    let isNear = margin.magnitude <= 0.3 * scale
    guard isNear || overall < 0 else { return }
    let score = isNear ? length + max(margin / steepness, -0.3 * length) : length
    let place = stops.firstIndex { score < $0.score } ?? stops.count
    guard place < 3 else { return }
    stops.insert(
      Stop(point: point, normal: normal, margin: overall, score: score), at: place)
    if stops.count > 3 { stops.removeLast() }
  }
}

extension Tensor {
  /// (1 − weight) · self + weight · other.
  func blended(with other: Tensor, _ weight: Float) -> Tensor {
    let rest = 1 - weight
    return withScalars { a in
      other.withScalars { b in
        Tensor(shape: shape) { target in
          for index in a.indices {
            target.initializeElement(at: index, to: rest * a[index] + weight * b[index])
          }
        }
      }
    }
  }
}

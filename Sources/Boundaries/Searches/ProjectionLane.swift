import Networks
import Tensors

/// One start of a `ProjectionSearch`, walking along the boundary.
struct ProjectionLane {
  /// A point that it came by.
  struct Stop {
    let point: Tensor
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
  /// Averages of the gradients so far: of the margin and, where third classes are held back, of those
  /// that led where it came by.
  private(set) var model = TieModel()
  /// Whether a class that leads over the rival and the fact must not; otherwise it becomes the rival.
  let holdsThirds: Bool
  /// Gradients taken.
  private(set) var steps = 0
  /// After which of them each condition of the model was learned.
  private var learnedAt: [Int] = []
  private(set) var isConverged = false
  /// Whether the last linear model vanishes within the bounds.
  private(set) var isReaching = false
  /// The best points, the nearest first.
  private(set) var stops: [Stop] = []

  init(
    site: Int, rival: ClassIndex?, origin: String, from point: Tensor, holdsThirds: Bool = false
  ) {
    self.site = site
    self.holdsThirds = holdsThirds
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

  /// Gradients that it leaves for the end, when its conditions are learned afresh.
  var reserve: Int { model.thirds.isEmpty ? 0 : 2 * (1 + model.thirds.count) }

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

  /// What the next gradient is to be of, from the scores at the point: the margin at first; then a class
  /// that leads and is not known, or else the condition that is farthest from holding, and was not
  /// learned for longest.
  func condition(at logits: [Float], of site: Site) -> TieModel.Condition {
    guard holdsThirds, let foil = site.foil, !learnedAt.isEmpty else { return .margin }
    if let leader = model.leaders(logits, site, foil).first { return .third(leader) }
    let least = 0.01 * Double(site.scale)
    let urgencies = zip(zip(model.violations(logits, site, foil), model.lengths), learnedAt)
      .map { ($0.0 + least) / max($0.1, .leastNormalMagnitude) * Double(steps + 1 - $1) }
    return zip(model.conditions, urgencies).max { $0.1 < $1.1 }?.0 ?? .margin
  }

  /// Takes the slope at the point, of its condition there, and goes on to the next one.
  ///
  /// - Parameter weight: how much of the gradient enters the average.
  mutating func advance(_ slope: Survey.Slope, of site: Site, weight: Float) {
    let gradient = slope.gradient
    let condition = condition(at: slope.logits, of: site)
    if rival != nil { rival = rival(at: slope.logits, of: site) }
    let margin = rival.map { site.margin(slope.logits, over: $0) } ?? site.margin(slope.logits)
    steps += 1
    let steepness = site.norm.dual.length(of: gradient)
    guard steepness > 0, steepness.isFinite, margin.isFinite else {
      // Nowhere to go from here: half-way back, where there was a slope.
      isConverged = model.normal == nil
      point = site.between(point, 0.5)
      return
    }
    let scale = Double(site.scale)
    let length = site.distance(point)
    if !learnedAt.isEmpty, length > 0 {
      note(length, Double(margin), slope.logits, site, steepness)
      if condition == .margin, model.thirds.isEmpty, Double(margin.magnitude) <= 1e-3 * scale,
        let residual = Optimality.residual(gradient, at: point, of: site), residual < 1e-7
      {
        isConverged = true
      }
    }
    learn(gradient, of: condition, weight)
    guard !isConverged, let (next, isReaching) = projected(margin, slope.logits, of: site) else {
      return
    }
    self.isReaching = isReaching
    let reach = site.distance(next)
    let farthest = 2 * score
    point = reach > farthest ? site.between(next, farthest / reach) : next
  }

  private mutating func learn(
    _ gradient: Tensor, of condition: TieModel.Condition, _ weight: Float
  ) {
    model.learn(gradient, of: condition, weight: weight)
    if let place = model.conditions.firstIndex(of: condition) {
      if place == learnedAt.count { learnedAt.append(steps) } else { learnedAt[place] = steps }
    }
  }

  /// The start on the linear models as they stand at the point.
  private func projected(
    _ margin: Float, _ logits: [Float], of site: Site
  ) -> (point: Tensor, reaches: Bool)? {
    guard let normal = model.normal else { return nil }
    if !model.thirds.isEmpty, let foil = site.foil {
      return model.projection(from: point, logits, of: site, foil: foil).map { ($0, true) }
    }
    let back = Double(margin) + VectorSums.dot(normal, site.start) - VectorSums.dot(normal, point)
    // Where the model would have the start near or beyond the boundary already, it is not to be
    // believed. A little further, so that points beyond are met as often as points inside.
    let scale = Double(site.startMargin)
    let value = max(back, 0.02 * scale) + 1e-3 * scale
    return CutProjection(site: site, normal: normal).point(value: value)
  }

  /// Keeps the point if it is among the three best.
  private mutating func note(
    _ length: Double, _ margin: Double, _ logits: [Float], _ site: Site, _ steepness: Double
  ) {
    let overall = site.margin(logits)
    let scale = Double(site.scale)
    let excess = holdsThirds ? site.excess(logits) : 0
    let isNear = max(margin.magnitude, excess) <= 0.3 * scale
    guard isNear || (overall < 0 && excess <= 0) else { return }
    var score = isNear ? length + max(margin / steepness, -0.3 * length) : length
    if excess > 0 { score += excess / steepness }
    let place = stops.firstIndex { score < $0.score } ?? stops.count
    guard place < 3 else { return }
    stops.insert(Stop(point: point, margin: overall, score: score), at: place)
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

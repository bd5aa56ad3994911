import Networks
import Synchronization
import Tensors

/// The difference of an objective between two pictures, shared out among pixels by the gradients on
/// the straight way from one to the other: (x − b) · ∫₀¹ ∇f(b + t(x − b)) dt, whose sum is f(x) − f(b).
///
/// Gauss and Legendre's rule, whose weights add up to one, so that an affine f is exact with a single
/// point. Points are doubled until the sum is right.
struct PathIntegral {
  /// The method's name, for errors.
  let method: String
  let objective: Objective
  /// The class that is explained.
  let fact: ClassIndex
  /// Points to begin with.
  let steps: Int
  /// Where doubling ends; less than `steps` means no doubling.
  let maximumSteps: Int
  /// How far the sum may be off, as a part of the change.
  let tolerance: Double

  /// What is told of one path beside its map.
  struct Path {
    /// How far the map's sum is from the change of the objective, as a part of it.
    let gap: Double
    /// Points on the path in the end, and with all doublings.
    let steps: Int
    let points: Int
    /// Among `steps`, those at which another class than the fact leads.
    let pointsElsewhere: Int
    /// The objective at either end.
    let above: Double
    let below: Double
  }

  static func validate(
    method: String, steps: Int, maximumSteps: Int, tolerance: Double
  ) throws(ExplainerError) {
    let limit = 4096
    for (name, value) in [("steps", steps), ("maximumSteps", maximumSteps)] {
      guard (1...limit).contains(value) else {
        throw .invalidParameter(
          method: method, parameter: name, reason: "must be 1...\(limit), found \(value)")
      }
    }
    guard tolerance > 0 else {
      throw .invalidParameter(
        method: method, parameter: "tolerance", reason: "must be above 0, found \(tolerance)")
    }
  }

  /// The map `[C, H, W]` of one path. Costs a forward and a backward pass for each point, and a forward
  /// pass for either end.
  func path(
    from start: Tensor, to end: Tensor, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> (map: Tensor, path: Path) {
    let (above, below) = (
      Double(model.values(of: objective, for: end)[0]),
      Double(model.values(of: objective, for: start)[0])
    )
    var count = steps
    var points = 0
    while true {
      let rule = GaussLegendre(count: count)
      let leaders = Leaders()
      let average = model.gradientSum(
        of: leaders.noting(objective), from: start, to: end, at: rule.nodes, weights: rule.weights)
      let map = (end - start) * average
      points += count
      let gap = Self.gap(of: map.sum, above: above, below: below)
      guard gap.isFinite else { throw .nonFinite(method: method, where: "the sum of the map") }
      if gap <= tolerance || 2 * count > maximumSteps {
        let path = Path(
          gap: gap, steps: count, points: points,
          pointsElsewhere: leaders.classes(of: count).count { $0 != fact }, above: above,
          below: below)
        return (map.reshaped(to: map.shape.item), path)
      }
      count *= 2
    }
  }

  /// How far a sum is from a change, as a part of it. A change that is nothing beside the values themselves
  /// is not divided by.
  static func gap(of sum: Double, above: Double, below: Double) -> Double {
    let scale = max((above - below).magnitude, 1e-3 * max(above.magnitude, below.magnitude), 1e-6)
    return (sum - (above - below)).magnitude / scale
  }

  /// The leading classes of the pictures that an objective is evaluated for, in their order: passes
  /// know them anyway.
  private final class Leaders: Sendable {
    private let classes = Mutex<[ClassIndex]>([])

    /// The objective, noting who leads.
    func noting(_ objective: Objective) -> Objective {
      Objective(layers: objective.layers.union([.logits])) { trace in
        let logits = trace[.logits]
        let leaders = (0..<logits.batch).map { Prediction(logits: logits.item($0).scalars).top }
        self.classes.withLock { $0 += leaders }
        return objective.evaluate(trace)
      }
    }

    /// Of the first pictures; what follows are paddings of the last pass.
    func classes(of count: Int) -> ArraySlice<ClassIndex> {
      classes.withLock { $0.prefix(count) }
    }
  }
}

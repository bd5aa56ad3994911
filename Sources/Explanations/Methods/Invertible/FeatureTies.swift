import Networks
import Tensors

/// Where a class ties with others in the feature space of a linear head, as seen from some features.
///
/// There the boundary of two classes i and j is the plane ⟨w, v⟩ + b = 0 with w = Wᵢ − Wⱼ and b = bᵢ − bⱼ,
/// and the nearest point of it is known in closed form. Everything in double precision. A pooled head's
/// normals are the same at every position, so that a step along them takes K · C numbers, whatever the
/// size of the map.
struct FeatureTies {
  let fact: ClassIndex
  /// zᵢ − zₖ for all k; 0 for the fact itself.
  let margins: [Double]
  private let weights: [Float]
  /// Numbers of a class's weights.
  private let depth: Int
  /// How many elements of the features share one of the weights.
  private let positions: Int

  /// - Parameter features: `[1, c, h, w]`.
  init(_ head: LinearHead, fact: ClassIndex, features: Tensor) {
    self.fact = fact
    margins = Self.margins(of: fact, head, features)
    weights = head.weights.scalars
    depth = head.weights.shape[1]
    positions = head.isPooled ? features.shape[2] * features.shape[3] : 1
  }

  /// zᵢ − zₖ for all k.
  static func margins(of fact: ClassIndex, _ head: LinearHead, _ features: Tensor) -> [Double] {
    let scores = head.scores(of: features)[0]
    return scores.map { scores[fact] - $0 }
  }

  /// A point at which the fact ties with another class, and no third class leads.
  struct Tie {
    let foil: ClassIndex
    /// How far it is from the features.
    let distance: Double
    /// How margins change on the way there.
    let changes: [Double]
    /// What the way is made of: steps along normals of boundaries.
    fileprivate let steps: [(index: ClassIndex, weight: Double)]

    /// Classes beside the foil that tie, too.
    var others: [ClassIndex] { steps.map(\.index).filter { $0 != foil } }
  }

  /// The nearest of all points at which another class ties with the fact; nil where no other class has
  /// other weights.
  ///
  /// It lies on the nearest of all planes. No third class leads there: its plane would have been crossed
  /// on the way, nearer to the features. Needs a fact that leads.
  func nearest() -> Tie? {
    let distances = distances
    guard let foil = distances.indices.min(by: { (distances[$0], $0) < (distances[$1], $1) }),
      distances[foil] < .infinity
    else { return nil }
    let row = products(of: foil)
    guard row[foil] > 0 else { return tie(foil, []) }
    return tie(foil, [.init(index: foil, weight: -margins[foil] / row[foil], row: row)])
  }

  /// How many classes' planes are as near as the nearest, within a millionth.
  var nearestCount: Int {
    let distances = distances
    let least = distances.min() ?? .infinity
    return distances.count { $0 < .infinity && $0 <= least * (1 + 1e-6) }
  }

  /// The nearest point at which a class ties with the fact and no third class leads: on the plane of the
  /// two where the plain projection is such a point, otherwise where that plane meets those of the
  /// classes that are in the way. Nil where there is none.
  ///
  /// - Parameter errors: what is to be added to margins, for each class, such as what rounding does to them
  ///   on the way to pixels and back.
  func tie(with foil: ClassIndex, correcting errors: [Double]? = nil) -> Tie? {
    let values = errors.map { zip(margins, $0).map(+) } ?? margins
    return TieProgram(values: values, equality: foil, products: products).solution()
      .map { tie(foil, $0) }
  }

  /// Whether two classes have the same weights, so that their margin is the same everywhere.
  func isParallel(_ foil: ClassIndex) -> Bool { squaredLength(of: foil) == 0 }

  /// Features moved to a tie, `[1, c, h, w]`.
  func moved(_ features: Tensor, to tie: Tie) -> Tensor {
    var shift = [Double](repeating: 0, count: depth)
    for (index, weight) in tie.steps {
      for place in 0..<depth {
        shift[place] += weight * difference(index, place) / Double(positions)
      }
    }
    var moved = features
    moved.withMutableScalars { values in
      for index in values.indices {
        values[index] = Float(Double(values[index]) + shift[index / positions])
      }
    }
    return moved
  }

  private func tie(_ foil: ClassIndex, _ active: [TieProgram.Active]) -> Tie {
    var changes = [Double](repeating: 0, count: margins.count)
    for condition in active {
      for k in changes.indices { changes[k] += condition.weight * condition.row[k] }
    }
    let square = active.reduce(0) { $0 + $1.weight * changes[$1.index] }
    return Tie(
      foil: foil, distance: max(0, square).squareRoot(), changes: changes,
      steps: active.map { ($0.index, $0.weight) })
  }

  /// To the plane of each class; infinite where there is none, and for the fact itself.
  private var distances: [Double] {
    margins.indices.map { k in
      if k == fact { return .infinity }
      let square = squaredLength(of: k)
      if square > 0 { return margins[k].magnitude / square.squareRoot() }
      return margins[k] == 0 ? 0 : .infinity
    }
  }

  /// An element of Wᵢ − Wₖ, not yet shared out among positions.
  private func difference(_ k: ClassIndex, _ place: Int) -> Double {
    Double(weights[fact * depth + place]) - Double(weights[k * depth + place])
  }

  private func squaredLength(of k: ClassIndex) -> Double {
    var sum = 0.0
    for place in 0..<depth {
      let value = difference(k, place)
      sum += value * value
    }
    return sum / Double(positions)
  }

  /// ⟨wₖ, wₗ⟩ for all l.
  private func products(of k: ClassIndex) -> [Double] {
    let normal = (0..<depth).map { difference(k, $0) / Double(positions) }
    return margins.indices.map { l in
      var sum = 0.0
      for place in 0..<depth { sum += normal[place] * difference(l, place) }
      return sum
    }
  }
}

import Explanations
import Imaging
import Tensors

/// What perturbations do to the score, and what the map says they do.
struct PerturbationEffects: Sendable {
  /// Σ I · φ for each perturbation I, where φ is the map in the input's shape.
  let predicted: [Double]
  /// f(x) − f(x − I).
  let found: [Double]

  /// Mean of (s · predicted − found)².
  func meanSquare(scaledBy scale: Double = 1) -> Double {
    let sum = zip(predicted, found).reduce(0) { sum, pair in
      let gap = scale * pair.0 - pair.1
      return sum + gap * gap
    }
    return sum / Double(predicted.count)
  }

  /// The factor on what is predicted that makes the mean square least; nil where nothing is
  /// predicted.
  var bestScale: Double? {
    let square = predicted.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return nil }
    return zip(predicted, found).reduce(0) { $0 + $1.0 * $1.1 } / square
  }

  /// Correlation of both; nil where either does not vary.
  var correlation: Double? { Correlation.of(predicted, and: found) }
}

extension MeasuredCase {
  /// The map in the input's shape, `[1, C, H, W]`. The value of a position that does not tell
  /// channels apart is spread evenly over them.
  var attribution: Tensor {
    let values = explanation.map.values
    if values.shape == input.shape.item { return values.reshaped(to: input.shape) }
    let (channels, plane) = (input.shape[1], map.samples)
    return Tensor(
      (0..<input.count).map { plane[$0 % plane.count] / Float(channels) }, shape: input.shape)
  }

  /// The effects of perturbations `[1, C, H, W]` that do not depend on the map. The key names everything
  /// that decides them.
  func effects(
    on score: Score, count: Int, key: String, perturbation: (_ index: Int) -> Tensor
  ) -> PerturbationEffects {
    let attribution = attribution
    return PerturbationEffects(
      predicted: (0..<count).map { perturbation($0).dot(attribution) },
      found: falls(of: score, count: count, key: key) { input - perturbation($0) })
  }

  /// The falls of the score f(x) − f(x′) for changed pictures x′, `[1, C, H, W]`, that do not depend on
  /// the map. The key names everything that decides them.
  func falls(
    of score: Score, count: Int, key: String, picture: (_ index: Int) -> Tensor
  ) -> [Double] {
    onceForQuestion(key) {
      let whole = self.score(of: score)
      return scores(of: score, count: count, picture: picture).map { whole - $0 }
    }
  }
}

import Networks
import Tensors

/// Where the linear model of the network is taken that shares the margin out among pixels.
public enum LocalModel: String, NamedOption {
  /// The mean of the gradients on the straight way from the projection to the picture: what pixels are
  /// given adds up to the margin.
  case segment
  /// The gradient at the picture.
  case input
  /// The gradient at the projection: the boundary's normal there.
  case projection

  static let meaning =
    "where gradients are taken: segment (averaged from the projection to the picture, so that the map "
    + "adds up to the margin), input or projection"

  /// (x − x′) times the gradient of a margin where it is taken, `[C, H, W]`, and how far its sum is from the
  /// margin.
  ///
  /// - Parameter integral: the margin, and how points on the way are chosen.
  func importance(
    from projection: Tensor, to input: Tensor, _ integral: PathIntegral,
    using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> (map: Tensor, path: PathIntegral.Path) {
    let place: Tensor
    switch self {
    case .segment: return try integral.path(from: projection, to: input, using: model)
    case .input: place = input
    case .projection: place = projection
    }
    let above = Double(model.values(of: integral.objective, for: input)[0])
    let below = Double(model.values(of: integral.objective, for: projection)[0])
    let gradient = model.gradient(of: integral.objective, for: place).gradient
    let map = (input - projection) * gradient
    let path = PathIntegral.Path(
      gap: PathIntegral.gap(of: map.sum, above: above, below: below), steps: 1, points: 1,
      pointsElsewhere: 0, above: above, below: below)
    return (map.reshaped(to: map.shape.item), path)
  }
}

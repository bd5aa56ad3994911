import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How improbable an invertible network finds pictures, as a part of the loss: the negative logarithm of
/// their density, for each number of a picture, when features v of class k are normally distributed with
/// deviation 1 around a centre.
///
///     −log p(x | k) = ½ ‖v − μₖ‖² − log |det ∂T/∂x| + constant
///
/// The centre μₖ is the gradient of the class's score at the features: the head's own weights, divided by
/// the number of positions where it takes means. Two such densities are equally high on a plane at right
/// angles to μᵢ − μⱼ, as the head's boundary is. So the way that a projection goes is drawn to the way
/// from one class to the other, and whatever the pictures do not do is made small among features, so that
/// small steps there do not become large ones in pixels.
///
/// Couplings are additive; the determinant depends on the normalisations alone, and its gradient is a
/// constant. Learning a density wants pictures with `--noise`, since those of whole levels have none.
///
/// Dinh, Krueger, Bengio: NICE, 2014 (arXiv:1410.8516); with a centre for each class Izmailov, Kirichenko,
/// Finzi, Wilson: Semi-Supervised Learning with Normalizing Flows, 2020 (arXiv:1912.13025).
struct FeatureLikelihood {
  /// The layer that holds the features.
  let layer: LayerName
  private let weight: Double
  /// `[C, H, W]`
  private let shape: Shape
  private let isPooled: Bool
  /// The head's weights among the network's values.
  private let head: Range<Int>
  /// Where logarithms of trained factors lie, and how many positions each is for.
  private let scalings: [(range: Range<Int>, positions: Int)]
  /// log |det| of what is not trained.
  private let constant: Double

  /// Nil without a weight.
  ///
  /// Throws for a network that is not invertible, has affine couplings, or whose head is frozen.
  init?(
    weight: Float?, of invertible: InvertibleNetwork?, in network: any TrainableClassifier
  ) throws(TrainingError) {
    guard let weight else { return nil }
    guard let invertible else {
      throw TrainingError(
        .request, "--likelihood is about invertible networks; choose --architecture invertible")
    }
    func place(_ layer: String) -> Range<Int>? {
      network.parameters.first { $0.name == ParameterName(LayerName(layer), 0) }?.range
    }
    guard let head = place(invertible.head.name) else {
      throw TrainingError(.request, "--likelihood: the last layer is frozen")
    }
    self.weight = Double(weight)
    self.head = head
    layer = invertible.featureLayer
    shape = invertible.featureShape
    isPooled = invertible.head.isPooled
    var (scalings, constant): ([(range: Range<Int>, positions: Int)], Double) = ([], 0)
    var current = invertible.inputShape
    for block in invertible.blocks {
      let determinant = block.logDeterminant(for: current)
      guard determinant.layers.isEmpty else {
        throw TrainingError(
          .request, "--likelihood: '\(block.name)' is affine; only additive couplings have one")
      }
      if block is ChannelScaling, let range = place(block.name) {
        scalings.append((range, current[1] * current[2]))
      } else {
        constant += determinant.constant
      }
      do throws(LayerError) {
        current = try block.outputShape(for: current)
      } catch {
        throw TrainingError(.request, "\(block.name): \(error)")
      }
    }
    (self.scalings, self.constant) = (scalings, constant)
  }

  /// The mean over a batch, in nats for each number of a picture, without the constant of normal
  /// distributions; and its gradients, times the weight.
  struct Value {
    let loss: Double
    /// `[N, C, H, W]`
    let features: Tensor
    /// As the head's weights lie.
    let head: [Float]
  }

  /// - Parameters:
  ///   - features: `[N, C, H, W]`
  ///   - targets: the shares of the classes, `[N, K]`.
  ///   - values: the network's.
  func value(_ features: Tensor, targets: Tensor, values: UnsafeBufferPointer<Float>) -> Value {
    let (count, size, classes) = (features.batch, shape.count, targets.shape[1])
    let positions = isPooled ? shape[1] * shape[2] : 1
    let depth = size / positions
    let centres = values[head].map { Double($0) / Double(positions) }
    let factor = weight / Double(count * size)
    var squares = 0.0
    var headGradient = [Double](repeating: 0, count: head.count)
    let scalars = features.scalars
    let shares = targets.scalars
    let gradient = Tensor(shape: features.shape) { gradient in
      gradient.initialize(repeating: 0)
      for item in 0..<count {
        for index in 0..<classes {
          let share = Double(shares[item * classes + index])
          guard share > 0 else { continue }
          for part in 0..<depth {
            let centre = centres[index * depth + part]
            var sum = 0.0
            let start = item * size + part * positions
            for place in start..<start + positions {
              let distance = Double(scalars[place]) - centre
              squares += share * distance * distance
              sum += distance
              gradient[place] += Float(factor * share * distance)
            }
            headGradient[index * depth + part] -= factor * share * sum / Double(positions)
          }
        }
      }
    }
    var determinant = constant
    for (range, positions) in scalings {
      determinant += Double(positions) * values[range].reduce(0) { $0 + Double($1) }
    }
    return Value(
      loss: (squares / Double(2 * count) - determinant) / Double(size), features: gradient,
      head: headGradient.map { Float($0) })
  }

  /// Adds the part of the gradients that does not come through features.
  func add(_ value: Value, to gradients: UnsafeMutableBufferPointer<Float>) {
    for (place, own) in zip(head, value.head) { gradients[place] += own }
    for (range, positions) in scalings {
      let own = Float(weight * Double(positions) / Double(shape.count))
      for index in range { gradients[index] -= own }
    }
  }
}

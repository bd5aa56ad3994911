import Foundation
import Networks
import Tensors

/// A network that is trained on the same pictures again and again: cross-entropy, and steps downhill with
/// momentum.
final class TrainingWork {
  private let network: TrainableNetwork
  private let batch: Tensor
  private var velocity: [Float]
  private static let (rate, momentum): (Float, Float) = (1e-3, 0.9)

  /// - Parameter batch: `[N, C, H, W]`; picture n belongs to class n, and counting starts over after the
  ///   last class.
  init(_ network: Network, on batch: Tensor) throws(NetworkError) {
    self.network = try TrainableNetwork(network)
    self.batch = batch
    velocity = [Float](repeating: 0, count: self.network.parameterCount)
  }

  /// One step: forward, back, and down. Gives the mean loss and Σ |gradient|.
  @discardableResult
  func step() -> (loss: Double, gradients: Double) {
    var loss = 0.0
    network.step(batch) { logits in
      let (value, seeds) = Self.crossEntropy(logits)
      loss = value
      return seeds
    }
    velocity.withUnsafeMutableBufferPointer { velocity in
      network.withValues { values in
        network.withGradients { gradients in
          for index in values.indices {
            velocity[index] = Self.momentum * velocity[index] + gradients[index]
            values[index] -= Self.rate * velocity[index]
          }
        }
      }
    }
    return (loss, network.withGradients { $0.reduce(0) { $0 + Double($1.magnitude) } })
  }

  private static func crossEntropy(_ logits: Tensor) -> (loss: Double, seeds: Tensor) {
    let (items, classes) = (logits.shape[0], logits.shape[1])
    var seeds = Tensor(zeros: logits.shape)
    var loss = 0.0
    for item in 0..<items {
      let probabilities = Prediction(logits: logits.item(item).scalars).probabilities
      loss -= log(Double(probabilities[item % classes])) / Double(items)
      for (index, probability) in probabilities.enumerated() {
        seeds[item * classes + index] =
          (probability - (index == item % classes ? 1 : 0)) / Float(items)
      }
    }
    return (loss, seeds)
  }
}

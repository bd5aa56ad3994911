import Networks
import Tensors

/// Pictures changed within a ball so that the loss grows: projected gradient ascent in pixels 0...1.
///
/// From a random point in the ball, each step goes 2.5 · radius / steps along the gradient, then back
/// into the ball and into 0...1. Costs a forward and a backward pass a step.
///
/// Madry, Makelov, Schmidt, Tsipras, Vladu: Towards Deep Learning Models Resistant to Adversarial
/// Attacks, 2018 (arXiv:1706.06083), with Euclidean balls.
public struct Attack: Sendable, Equatable, Codable {
  /// The largest Euclidean distance from a picture `[C, H, W]` of values 0...1.
  public var radius: Float
  public var steps: Int

  public init(radius: Float, steps: Int = 7) {
    self.radius = radius
    self.steps = steps
  }

  /// Reads `l2:0.5`; nil for anything else.
  public init?(_ text: String, steps: Int = 7) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "l2", let radius = Float(parts[1]), radius > 0,
      radius.isFinite
    else { return nil }
    self.init(radius: radius, steps: steps)
  }

  /// A batch of attacked pictures `[N, C, H, W]`.
  ///
  /// - Parameters:
  ///   - samples: for each picture, the number that its random start is drawn for.
  ///   - phase: in training, the network normalises by the batch.
  func attacked(
    _ inputs: Tensor, targets: Tensor, by network: any TrainableClassifier, loss: CrossEntropy,
    phase: Phase, seed: UInt64, samples: [Int]
  ) -> Tensor {
    let random = CounterRandom(seed: seed, stream: RandomStream.attack.rawValue)
    let shape = inputs.shape.batched(1)
    var current = Tensor.concatenating(
      samples.map { sample in
        var sequence = random.sequence(sample: sample | 1 << 62)
        let start = random.normal(shape, sample: sample)
        let length = Float(start.dot(start).squareRoot())
        let share = Float.random(in: 0..<1, using: &sequence)
        return (radius * share / max(length, .leastNormalMagnitude)) * start
      })
    current += inputs
    project(&current, around: inputs)
    for _ in 0..<steps {
      let gradient = network.inputGradient(current, phase: phase) { logits in
        loss.value(logits, targets: targets).gradient
      }
      climb(&current, along: gradient)
      project(&current, around: inputs)
    }
    return current
  }

  private func climb(_ current: inout Tensor, along gradient: Tensor) {
    let (count, size) = (current.batch, current.shape.item.count)
    gradient.withScalars { gradient in
      current.withMutableScalars { current in
        for item in 0..<count {
          var sum = 0.0
          for index in item * size..<(item + 1) * size {
            sum += Double(gradient[index]) * Double(gradient[index])
          }
          guard sum > 0, sum.isFinite else { continue }
          let scale = 2.5 * radius / Float(steps) / Float(sum.squareRoot())
          for index in item * size..<(item + 1) * size {
            current[index] += scale * gradient[index]
          }
        }
      }
    }
  }

  /// Into the ball, then into 0...1, which leaves a picture in the ball.
  private func project(_ current: inout Tensor, around inputs: Tensor) {
    let (count, size) = (current.batch, current.shape.item.count)
    inputs.withScalars { inputs in
      current.withMutableScalars { current in
        for item in 0..<count {
          var sum = 0.0
          for index in item * size..<(item + 1) * size {
            let change = Double(current[index] - inputs[index])
            sum += change * change
          }
          let scale = sum > 0 ? min(1, radius / Float(sum.squareRoot())) : 1
          for index in item * size..<(item + 1) * size {
            let moved = inputs[index] + scale * (current[index] - inputs[index])
            current[index] = min(max(moved, 0), 1)
          }
        }
      }
    }
  }
}

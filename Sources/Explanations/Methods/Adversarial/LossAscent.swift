import Boundaries
import Networks
import Tensors

/// Steps of one length along the gradient of a loss, held in a ball around the picture; values may leave
/// 0...1, as in the published code.
struct LossAscent {
  let loss: AttackLoss
  let steps: Int
  let stepSize: Double
  let radius: Double
  /// The length of a random first step; 0 for none.
  let start: Double
  /// Where lengths are measured: pixels divided by these, one for each channel or one for all.
  let deviations: [Double]

  struct Outcome {
    /// `[1, C, H, W]`, in pixels divided by the deviations.
    var change: Tensor
    /// At the start of each step.
    var losses: [Double] = []
    /// Steps that had a gradient.
    var taken = 0
    /// How often the ball held the change back.
    var held = 0
    var sawNonFinite = false
  }

  /// A gradient that is zero leaves the change where it is; one that is no number ends the ascent.
  func outcome(
    from input: Tensor, seed: UInt64, using model: any DifferentiableClassifier
  ) -> Outcome {
    var outcome = Outcome(change: Tensor(zeros: input.shape))
    if start > 0 {
      let random = CounterRandom(seed: seed, stream: RandomStream.attack)
        .normal(input.shape, sample: 0)
      outcome.change.add(random, scaledBy: Float(start / Norm.l2.length(of: random)))
    }
    for _ in 0..<steps {
      let (values, slope) = model.gradient(
        of: loss.objective, for: input + pixels(outcome.change))
      outcome.losses.append(Double(values[0]))
      let gradient = pixels(slope)
      let length = Norm.l2.length(of: gradient)
      guard values[0].isFinite, length.isFinite else {
        outcome.sawNonFinite = true
        break
      }
      guard length > 0 else { continue }
      outcome.taken += 1
      outcome.change.add(gradient, scaledBy: Float(stepSize / length))
      let distance = Norm.l2.length(of: outcome.change)
      if distance > radius {
        outcome.held += 1
        outcome.change = Float(radius / distance) * outcome.change
      }
    }
    return outcome
  }

  /// A change as the attack measures it → pixels. Gradients go the other way by the same factors.
  func pixels(_ change: Tensor) -> Tensor {
    if deviations.allSatisfy({ $0 == 1 }) { return change }
    let plane = change.shape[2] * change.shape[3]
    return change.withScalars { values in
      Tensor(shape: change.shape) { target in
        for index in values.indices {
          let deviation = deviations[index / plane % deviations.count]
          target.initializeElement(at: index, to: values[index] * Float(deviation))
        }
      }
    }
  }
}

import Explanations
import Tensors

/// The perturbations of both infidelities, which are tried once for a case.
struct InfidelityNoise {
  let samples: Int
  let noise: Double
  let score: Score

  static let parameters = [
    "samples": "how many perturbations are tried",
    "noise": "deviation of the perturbations, in brightness 0...1",
    "score": "what is followed: logit or probability",
  ]

  func effects(in measured: MeasuredCase) -> PerturbationEffects {
    let key = "infidelity/\(samples)/\(noise)/\(score.rawValue)"
    return measured.once(key) {
      let random = CounterRandom(seed: measured.seed, stream: MeasureStream.perturbations)
      return measured.effects(on: score, count: samples, key: key) { index in
        Float(noise) * random.normal(measured.input.shape, sample: index)
      }
    }
  }
}

import Networks
import Tensors

/// Gradients at noisy copies of a picture, of which SmoothGrad and its kin are the moments.
///
/// A copy is x + σ·ε with ε from the standard normal distribution, keyed by the subject's seed and the
/// copy's number, and σ a part of the range max x − min x that the picture takes.
struct NoisyGradients {
  let noise: Double
  let effort: SamplingEffort

  static let parameters = SamplingEffort.parameters.merging([
    "noise": "deviation of the noise, as a part of the range that the picture's values take"
  ]) { $1 }

  func validate() throws(ExplainerError) {
    try effort.validate()
    guard noise > 0, noise <= 10 else {
      throw .invalidParameter(
        method: effort.method, parameter: "noise",
        reason: "must be above 0, at most 10, found \(noise)")
    }
  }

  /// - Parameters:
  ///   - order: the highest power of gradients that is asked for.
  ///   - moment: a map of the sums, and its standard error.
  func explain(
    _ question: Question, using model: any DifferentiableClassifier, order: Int,
    sign: AttributionMap.Sign, moment: (PowerSums) -> (map: Tensor, error: Tensor)
  ) -> Explanation {
    let subject = question.subject
    let (low, high) = subject.input.withScalars { ($0.min() ?? 0, $0.max() ?? 0) }
    let deviation = Float(noise) * (high - low)
    let random = CounterRandom(seed: subject.seed, stream: RandomStream.noise)
    var sums = PowerSums(subject.input.shape.item, order: order)
    let (taken, error, status) = effort.run { range in
      Self.add(to: &sums, question.objective, using: model, at: range) { index in
        var copy = subject.input
        copy.add(random.normal(copy.shape, sample: index), scaledBy: deviation)
        return copy
      }
    } error: {
      let (map, error) = moment(sums)
      return error.relativeError(of: map)
    }
    let (map, standardError) = moment(sums)
    return Explanation(
      map: AttributionMap(map, sign: sign),
      standardError: AttributionMap(standardError, sign: .magnitude),
      diagnostics: Diagnostics(
        values: ["samples": Double(taken), "relativeError": error, "deviation": Double(deviation)],
        forwardPasses: taken, backwardPasses: taken), status: status)
  }

  /// Adds the gradients at some points, in passes of exactly `batchLimit`.
  static func add(
    to sums: inout PowerSums, _ objective: Objective, using model: any DifferentiableClassifier,
    at points: Range<Int>, point: (Int) -> Tensor
  ) {
    for first in stride(from: points.lowerBound, to: points.upperBound, by: model.batchLimit) {
      let pass = first..<min(first + model.batchLimit, points.upperBound)
      let pictures = Tensor.concatenating(pass.map(point)).padded(toBatch: model.batchLimit)
      let gradients = model.gradient(of: objective, for: pictures).gradient
      for item in 0..<pass.count { sums.add(gradients.item(item)) }
    }
  }
}

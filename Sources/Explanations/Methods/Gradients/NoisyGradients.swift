public import Networks
public import Tensors

/// A method that is a moment of the gradients at noisy copies of a picture.
///
/// A copy is x + σ·ε with ε from the standard normal distribution, keyed by the subject's seed and the
/// copy's number, and σ a part of the range max x − min x that the picture takes. A forward and a
/// backward pass for each copy.
public protocol NoisyGradientExplainer: Explainer<any DifferentiableClassifier> {
  /// Copies, at most.
  var samples: Int { get set }
  /// The relative error at which to stop earlier; 0 takes all samples.
  var tolerance: Double { get set }
  /// The noise's deviation, as a part of the range that the picture's values take.
  var noise: Double { get set }

  static var sign: AttributionMap.Sign { get }
  /// The moment, and its standard error.
  static func moment(of sums: PowerSums) -> (map: Tensor, error: Tensor)
}

extension NoisyGradientExplainer {
  private var effort: SamplingEffort {
    SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance)
  }

  public func validate() throws(ExplainerError) {
    try effort.validate()
    guard noise > 0, noise <= 10 else {
      throw .invalidParameter(
        method: effort.method, parameter: "noise",
        reason: "must be above 0, at most 10, found \(noise)")
    }
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let subject = question.subject
    let (low, high) = subject.input.withScalars { ($0.min() ?? 0, $0.max() ?? 0) }
    let deviation = Float(noise) * (high - low)
    let random = CounterRandom(seed: subject.seed, stream: RandomStream.noise)
    var sums = PowerSums(subject.input.shape.item)
    let (taken, error, status) = effort.run { range in
      sums.addGradients(of: question.objective, using: model, at: range) { index in
        var copy = subject.input
        copy.add(random.normal(copy.shape, sample: index), scaledBy: deviation)
        return copy
      }
    } error: {
      let (map, error) = Self.moment(of: sums)
      return error.relativeError(of: map)
    }
    let (map, standardError) = Self.moment(of: sums)
    return Explanation(
      map: AttributionMap(map, sign: Self.sign),
      standardError: AttributionMap(standardError, sign: .magnitude),
      diagnostics: Diagnostics(
        values: ["samples": Double(taken), "relativeError": error, "deviation": Double(deviation)],
        forwardPasses: taken, backwardPasses: taken), status: status)
  }

  static var noiseParameters: [String: String] {
    SamplingEffort.parameters.merging([
      "noise": "deviation of the noise, as a part of the range that the picture's values take"
    ]) { $1 }
  }
}

extension PowerSums {
  /// Adds the gradients at some points, in passes of exactly `batchLimit`.
  mutating func addGradients(
    of objective: Objective, using model: any DifferentiableClassifier, at points: Range<Int>,
    point: (Int) -> Tensor
  ) {
    for first in stride(from: points.lowerBound, to: points.upperBound, by: model.batchLimit) {
      let pass = first..<min(first + model.batchLimit, points.upperBound)
      let pictures = Tensor.concatenating(pass.map(point)).padded(toBatch: model.batchLimit)
      let gradients = model.gradient(of: objective, for: pictures).gradient
      for item in 0..<pass.count { add(gradients.item(item)) }
    }
  }
}

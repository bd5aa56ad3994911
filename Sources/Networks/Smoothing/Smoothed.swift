public import Tensors

/// A classifier whose scores are averages over noisy copies of the picture: f̄(x) = 1/n Σ f(x + σ εₖ).
///
/// The noise is drawn once, from the seed, and is the same for every picture that is asked: so f̄ is a
/// function like any other, which can be differentiated, searched for its boundaries and explained by
/// every method. Copies come in pairs x + σ ε and x − σ ε, so that what the noise does to odd parts of a
/// function cancels: the mean gradient of a quadratic f is its gradient at x. Copies may leave 0...1, as
/// in Cohen et al.
///
/// All that a trace shows is an average: of layers' values, and of the gradients at each copy. The
/// gradient of an objective of layers' values is that of the same objective of the averages. What layers
/// inside have as a gradient is the mean over copies of what the objective is to each.
///
/// A pass takes one picture and costs `samples` of the base, in passes of its batch limit and with the
/// memory of one; a reverse sweep runs the copies once more. Results do not depend on the base's batch
/// limit or the number of threads.
///
/// Cohen, Rosenfeld, Kolter: Certified Adversarial Robustness via Randomized Smoothing, 2019
/// (arXiv:1902.02918); the average in place of the vote is that of Salman et al., 2019
/// (arXiv:1906.04584).
public final class Smoothed: DifferentiableClassifier {
  public let base: any DifferentiableClassifier
  public let smoothing: Smoothing
  private let noise: SmoothingNoise
  /// The layer of the scores, by its own name.
  private let scores: LayerName?

  /// - Parameter seed: the picture's, so that its answers do not depend on others.
  public init(_ base: any DifferentiableClassifier, by smoothing: Smoothing, seed: UInt64) {
    self.base = base
    self.smoothing = smoothing
    scores = try? base.resolve(.logits)
    noise = SmoothingNoise(
      shape: Shape([1] + base.inputShape.extents), smoothing: smoothing, seed: seed)
  }

  private init(_ base: any DifferentiableClassifier, like other: Smoothed) {
    self.base = base
    smoothing = other.smoothing
    noise = other.noise
    scores = try? base.resolve(.logits)
  }

  /// Another network of the same input, smoothed by the very same noise. Traps where inputs differ.
  public func smoothing(_ other: any DifferentiableClassifier) -> Smoothed {
    precondition(other.inputShape == inputShape, "the noise is for \(inputShape)")
    return Smoothed(other, like: self)
  }

  public var inputShape: Shape { base.inputShape }
  public var classCount: Int { base.classCount }
  public var labels: [String] { base.labels }
  /// One: its copies fill passes of the base.
  public var batchLimit: Int { 1 }
  public var layers: [LayerSummary] { base.layers }
  public var isAffine: Bool { base.isAffine && smoothing.mean == .logits }

  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try base.resolve(name)
  }

  public func logits(for batch: Tensor) -> Tensor {
    precondition(batch.batch == 1, "a smoothed pass takes 1 picture, got \(batch.batch)")
    var mean = CopyMean(smoothing.mean)
    forEachPass { numbers in mean.add(base.logits(for: copies(numbers, of: batch))) }
    return mean.value
  }

  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    trace(batch, against: nil, for: request)
  }

  public func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace {
    precondition(batch.batch == 1, "a smoothed pass takes 1 picture, got \(batch.batch)")
    precondition(
      request.parameters.isEmpty && request.summing == nil && request.phase == .inference,
      "a smoothed classifier is not trained, and adds no gradients up")
    return Trace(SmoothedPass(self, batch, against: references, for: request))
  }

  /// Calls `body` with the numbers of copies that make a pass of the base.
  func forEachPass(_ body: (_ numbers: Range<Int>) -> Void) {
    for first in stride(from: 0, to: smoothing.samples, by: base.batchLimit) {
      body(first..<min(first + base.batchLimit, smoothing.samples))
    }
  }

  /// The copies of these numbers, `[N, C, H, W]`.
  func copies(_ numbers: Range<Int>, of picture: Tensor) -> Tensor {
    noise.copies(numbers, of: picture)
  }

  /// What is averaged of a layer.
  func mean(of layer: LayerName) -> Smoothing.Mean {
    let isScores = layer == .logits || scores != nil && (try? base.resolve(layer)) == scores
    return isScores ? smoothing.mean : .logits
  }
}

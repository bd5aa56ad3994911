public import Kernels
public import Tensors

/// The index of a class, `0..<K`.
public typealias ClassIndex = Int

/// A classifier as a black box: pictures in, scores out.
public protocol Classifier: Sendable {
  /// `[C, H, W]`; values 0...1.
  var inputShape: Shape { get }
  var classCount: Int { get }
  /// One per class, or empty.
  var labels: [String] { get }
  /// The largest batch of one pass: a fixed function of the network, so that a method's results do
  /// not depend on the machine.
  var batchLimit: Int { get }

  /// `[N, C, H, W]` → `[N, K]`, in one pass. Traps unless `1...batchLimit` pictures of the right
  /// shape come in.
  func logits(for batch: Tensor) -> Tensor
}

extension Classifier {
  /// Scores for any number of pictures: `[N, C, H, W]` → `[N, K]`, in passes of exactly
  /// `batchLimit`, the last one padded.
  public func logits(forAll pictures: Tensor) -> Tensor {
    let passes = stride(from: 0, to: pictures.batch, by: batchLimit).map { start in
      let count = min(batchLimit, pictures.batch - start)
      let pass = pictures.items(start..<start + count).padded(toBatch: batchLimit)
      return logits(for: pass).items(0..<count)
    }
    return .concatenating(passes)
  }

  /// The network's answer for one picture `[1, C, H, W]`.
  public func prediction(for input: Tensor) -> Prediction {
    Prediction(logits: logits(for: input).scalars)
  }
}

/// A classifier whose inside can be read and differentiated.
public protocol DifferentiableClassifier: Classifier {
  /// All layers, each after what it reads.
  var layers: [LayerSummary] { get }
  /// Whether every score is known to be an affine function of the input.
  var isAffine: Bool { get }

  /// The layer that a name stands for, `@input` and `@logits` included.
  func resolve(_ name: LayerName) throws(NetworkError) -> LayerName

  /// Runs the forward pass for `[N, C, H, W]` and keeps what the request needs. Traps on a layer that
  /// does not exist and on a batch beyond `batchLimit`.
  func trace(_ batch: Tensor, for request: TraceRequest) -> Trace

  /// As `trace(_:for:)`, for a request that compares each picture with one of `references`, of the
  /// batch's shape; none for a request that does not. Costs the forward pass of both.
  func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace

  /// Σ wₖ ∇f(xₖ) of an objective at the input for any number of points, `[1, C, H, W]`. `point` makes
  /// xₖ, `[1, C, H, W]`, for each index of the weights, in order. Traps where there are no weights.
  ///
  /// Costs a forward and a backward pass for each point, in passes of exactly `batchLimit`, and the
  /// memory of one. By default the gradients are added up as they come; a network that can do with
  /// less work implements it, and only rounding may differ.
  func gradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule,
    at point: (_ index: Int) -> Tensor
  ) -> Tensor
}

extension DifferentiableClassifier {
  public var isAffine: Bool { false }

  /// Values of an objective for a batch `[N, C, H, W]`, in one forward pass.
  public func values(of objective: Objective, for batch: Tensor) -> [Float] {
    objective.evaluate(trace(batch, for: TraceRequest(reading: objective.layers))).values
  }

  /// Values and gradient of an objective for a batch `[N, C, H, W]`, `1...batchLimit` pictures.
  ///
  /// One forward and one backward pass. The gradient has the shape of the layer's output.
  public func gradient(
    of objective: Objective, for batch: Tensor, at layer: LayerName = .input,
    rule: BackwardRule = .exact
  ) -> (values: [Float], gradient: Tensor) {
    let request = TraceRequest(
      reading: objective.layers, seeding: objective.layers, gradients: [layer], rule: rule)
    let trace = trace(batch, for: request)
    let (values, seeds) = objective.evaluate(trace)
    return (values, trace.gradient(seeding: seeds, at: layer))
  }

  /// As `gradient(of:for:at:rule:)` under the guided rule: rectifiers let nothing negative back.
  public func guidedGradient(
    of objective: Objective, for batch: Tensor, at layer: LayerName = .input
  ) -> (values: [Float], gradient: Tensor) {
    gradient(of: objective, for: batch, at: layer, rule: .guided)
  }
}

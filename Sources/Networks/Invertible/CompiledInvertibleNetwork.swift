public import Kernels
public import Tensors

/// An invertible network ready to run on an engine: its classifier and its inverse, compiled.
public final class CompiledInvertibleNetwork: InvertibleClassifier {
  public let invertible: InvertibleNetwork
  private let forward: CompiledNetwork
  private let inverse: CompiledGraph
  private let determinant: LogDeterminant

  /// - Parameter idleByteLimit: how much memory plans of each direction may keep while nobody uses them.
  public init(
    _ invertible: InvertibleNetwork, engine: Engine = .preferred, idleByteLimit: Int = 1 << 30
  ) {
    self.invertible = invertible
    forward = CompiledNetwork(invertible.network, engine: engine, idleByteLimit: idleByteLimit)
    inverse = CompiledGraph(invertible.inverse, engine: engine, idleByteLimit: idleByteLimit)
    determinant = invertible.logDeterminant
  }

  /// The classifier as plain layers.
  public var classifier: CompiledNetwork { forward }
  public var engine: Engine { forward.engine }
  public var head: LinearHead { invertible.head }
  public var featureShape: Shape { invertible.featureShape }
  public var featureLayer: LayerName { invertible.featureLayer }

  public func features(of batch: Tensor) -> Tensor {
    trace(batch, for: TraceRequest(reading: [featureLayer]))[featureLayer]
  }

  public func input(restoring features: Tensor) -> Tensor {
    precondition(
      (1...batchLimit).contains(features.batch),
      "a pass takes 1 to \(batchLimit) maps of features, got \(features.batch)")
    let input = invertible.restoredInput
    return inverse.trace(features, for: TraceRequest(reading: [input]))[input]
  }

  public func logDeterminants(of batch: Tensor) -> [Double] {
    let layers = determinant.layers
    guard !layers.isEmpty else {
      return Array(repeating: determinant.constant, count: batch.batch)
    }
    let trace = trace(batch, for: TraceRequest(reading: Set(layers)))
    let values = layers.map { trace[$0] }
    return (0..<batch.batch).map { item in
      values.reduce(determinant.constant) { sum, value in
        value.item(item).withScalars { $0.reduce(sum) { $0 + Double($1) } }
      }
    }
  }

  // MARK: - As any classifier

  public var inputShape: Shape { forward.inputShape }
  public var classCount: Int { forward.classCount }
  public var labels: [String] { forward.labels }
  public var batchLimit: Int { forward.batchLimit }
  public var layers: [LayerSummary] { forward.layers }
  public var isAffine: Bool { forward.isAffine }

  /// How much memory plans of each direction may keep while nobody uses them.
  public var idleByteLimit: Int {
    get { forward.idleByteLimit }
    set {
      forward.idleByteLimit = newValue
      inverse.idleByteLimit = newValue
    }
  }

  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try forward.resolve(name)
  }

  public func logits(for batch: Tensor) -> Tensor { forward.logits(for: batch) }

  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    forward.trace(batch, for: request)
  }

  public func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace {
    forward.trace(batch, against: references, for: request)
  }

  public func gradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule,
    at point: (_ index: Int) -> Tensor
  ) -> Tensor {
    forward.gradientSum(of: objective, weights: weights, rule: rule, at: point)
  }
}

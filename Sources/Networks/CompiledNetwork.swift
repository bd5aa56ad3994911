public import Kernels
public import Tensors

/// A network ready to run on an engine.
///
/// Plans are compiled on first use for each batch size and request, and kept for the next one. Any
/// number of threads may ask at once, each gets a plan of its own. Results depend on the network, the
/// engine and the batch size of the pass, not on what else runs.
public final class CompiledNetwork: DifferentiableClassifier {
  public let network: Network
  public let engine: Engine
  public let batchLimit: Int
  public let layers: [LayerSummary]
  private let pool: PlanPool

  /// - Parameter idleByteLimit: how much memory plans may keep while nobody uses them.
  public init(
    _ network: Network, engine: Engine = .preferred, idleByteLimit: Int = 1 << 30
  ) {
    self.network = network
    self.engine = engine
    pool = PlanPool(byteLimit: idleByteLimit)
    layers = network.summaries
    batchLimit = network.isBatchable ? network.comfortableBatch : 1
  }

  public var inputShape: Shape { network.inputShape }
  public var classCount: Int { network.classCount }
  public var labels: [String] { network.labels }

  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try network.resolve(name)
  }

  public func logits(for batch: Tensor) -> Tensor {
    trace(batch, for: TraceRequest(reading: [.logits]))[.logits]
  }

  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    precondition(
      (1...batchLimit).contains(batch.batch),
      "a pass takes 1 to \(batchLimit) pictures, got \(batch.batch)")
    let plan = pool.take(request, batch: batch.batch) {
      do {
        return try Plan(
          network.graph, aliases: network.aliases, for: request, batch: batch.batch, engine: engine)
      } catch {
        preconditionFailure("\(error)")
      }
    }
    plan.run(batch)
    return Trace(plan: plan, from: pool)
  }

  /// Bytes of working memory that a pass takes, without making it.
  public func byteCount(of request: TraceRequest, batch: Int) throws(NetworkError) -> Int {
    let resolved = try request.resolved(in: network.graph, network.aliases)
    let builder = try PlanBuilder(network.graph, for: resolved, batch: batch)
    let workspace = builder.kernels.map(\.workspaceByteCount).max() ?? 0
    return ArenaLayout(builder, sweeps: request.sweeps).byteCount + workspace
  }
}

extension Network {
  /// The batch whose activations stay within 128 MiB: a power of two, 1...16.
  fileprivate var comfortableBatch: Int {
    let perPicture = shapes.values.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
    var batch = 16
    while batch > 1 && batch * perPicture > 128 << 20 { batch /= 2 }
    return batch
  }
}

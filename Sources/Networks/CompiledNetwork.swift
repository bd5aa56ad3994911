public import Kernels
public import Tensors

/// A network ready to run on an engine: a compiled graph with scores at its end.
public final class CompiledNetwork: DifferentiableClassifier {
  public let network: Network
  public let batchLimit: Int
  public let layers: [LayerSummary]
  let graph: CompiledGraph
  /// The last of the layers through which sums of gradients are carried back as one, if any.
  let stemEnd: LayerName?

  /// - Parameters:
  ///   - passes: what makes plans faster; leaving some out is for those who look for a mistake.
  ///   - parallelism: how the calling thread's `ComputeThreads.width` is used.
  ///   - sharesStem: whether sums of gradients are carried back through the affine layers at the
  ///     network's beginning as one.
  ///   - idleByteLimit: how much memory plans may keep while nobody uses them.
  public init(
    _ network: Network, engine: Engine = .preferred,
    passes: Set<PlanPass> = Set(PlanPass.allCases), parallelism: Parallelism = .automatic,
    sharesStem: Bool = true, idleByteLimit: Int = 1 << 30
  ) {
    self.network = network
    graph = CompiledGraph(
      network.graph, aliases: network.aliases, engine: engine, passes: passes,
      parallelism: parallelism, idleByteLimit: idleByteLimit)
    layers = network.summaries
    stemEnd = sharesStem ? network.graph.affineStemEnd(atMost: network.logits) : nil
    batchLimit = network.isBatchable ? network.comfortableBatch : 1
  }

  public var engine: Engine { graph.engine }
  public var inputShape: Shape { network.inputShape }
  public var classCount: Int { network.classCount }
  public var labels: [String] { network.labels }
  public var isAffine: Bool {
    network.graph.affineStemEnd(atMost: network.logits) == network.logits
  }

  /// How much memory plans may keep while nobody uses them; heeded from the next pass on.
  public var idleByteLimit: Int {
    get { graph.idleByteLimit }
    set { graph.idleByteLimit = newValue }
  }

  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try graph.resolve(name)
  }

  public func logits(for batch: Tensor) -> Tensor {
    trace(batch, for: TraceRequest(reading: [.logits]))[.logits]
  }

  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    trace(batch, against: nil, for: request)
  }

  public func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace {
    precondition(
      (1...batchLimit).contains(batch.batch),
      "a pass takes 1 to \(batchLimit) pictures, got \(batch.batch)")
    return graph.trace(batch, against: references, for: request)
  }

  /// Bytes of working memory that a pass takes, without making it.
  public func byteCount(of request: TraceRequest, batch: Int) throws(NetworkError) -> Int {
    try graph.byteCount(of: request, batch: batch)
  }
}

extension Network {
  /// The batch for whose gradient plans take no more than half a gibibyte: a power of two, 1...16.
  ///
  /// Counted for plans of the portable kernels, so that it is the same on every machine.
  fileprivate var comfortableBatch: Int {
    let request = TraceRequest(reading: [logits], seeding: [logits], gradients: [input])
    let options = PlanOptions(
      engine: .portable, passes: [.fusedSums, .fusedGates, .gateMasks, .sharedMemory])
    guard let builder = try? PlanBuilder(graph, for: request, batch: 1) else { return 1 }
    let program = options.optimized(builder.program, sharing: PackedWeights())
    let perPicture = ArenaLayout(program).byteCount
    var batch = 16
    while batch > 1 && batch * perPicture > 512 << 20 { batch /= 2 }
    return batch
  }
}

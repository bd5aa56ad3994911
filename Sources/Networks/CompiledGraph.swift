public import Kernels
public import Tensors

/// A graph of layers ready to run on an engine.
///
/// Plans are compiled on first use for each batch size and request, and kept for the next one. Any
/// number of threads may ask at once, each gets a plan of its own. Results depend on the graph, the
/// engine and the batch size of the pass, not on what else runs.
public final class CompiledGraph: Sendable {
  public let graph: LayerGraph
  public var engine: Engine { options.engine }
  let options: PlanOptions
  let weights = PackedWeights()
  let aliases: [LayerName: LayerName]
  private let pool: PlanPool
  /// Multiplications and additions for one item.
  private let operations: Int
  /// Layers of which items can be computed apart from one another.
  private let itemwise: Set<LayerName>
  /// Most items that a plan takes where they can be computed apart.
  private let shareLimit: Int

  /// - Parameters:
  ///   - aliases: further names by which requests may call layers; `@input` is always one.
  ///   - passes: what makes plans faster; leaving some out is for those who look for a mistake.
  ///   - parallelism: how the calling thread's `ComputeThreads.width` is used.
  ///   - idleByteLimit: how much memory plans may keep while nobody uses them.
  public init(
    _ graph: LayerGraph, aliases: [LayerName: LayerName] = [:], engine: Engine = .preferred,
    passes: Set<PlanPass> = Set(PlanPass.allCases), parallelism: Parallelism = .automatic,
    idleByteLimit: Int = 1 << 30
  ) {
    self.graph = graph
    options = PlanOptions(engine: engine, passes: passes, parallelism: parallelism)
    operations = graph.operations
    itemwise = graph.itemwiseLayers
    shareLimit = graph.comfortableShare
    self.aliases = aliases.merging([.input: graph.input]) { given, _ in given }
    pool = PlanPool(byteLimit: idleByteLimit)
  }

  /// How much memory plans may keep while nobody uses them; heeded from the next pass on.
  public var idleByteLimit: Int {
    get { pool.byteLimit }
    set { pool.byteLimit = newValue }
  }

  /// The layer that a name stands for.
  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try graph.resolve(name, aliases)
  }

  /// Runs the forward pass for `[N] + inputShape` and keeps what the request needs. Traps on a layer
  /// that does not exist, and on several items where the graph takes one only.
  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    trace(batch, against: nil, for: request)
  }

  /// As `trace(_:for:)`, for a request that compares each item with one of `references`. Traps unless
  /// there are as many, or there is nothing to compare.
  public func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace {
    let shares = shares(of: batch.batch, for: request)
    // Shares that go side by side have a thread each.
    let width = shares.count == 1 ? threads(for: batch.batch) : 1
    let plans = ComputeThreads.withWidth(width) {
      shares.map { share in
        pool.take(request, batch: share) {
          do {
            return try Plan(
              graph, aliases: aliases, for: request, batch: share, options: options,
              weights: weights)
          } catch {
            preconditionFailure("\(error)")
          }
        }
      }
    }
    let team = PlanTeam(plans: plans, width: width, pool: pool)
    team.run(batch, against: references)
    return Trace(team)
  }

  /// How many items each of the plans takes that do a pass together.
  private func shares(of batch: Int, for request: TraceRequest) -> [Int] {
    let width = ComputeThreads.width
    let summing: Set<LayerName> = request.summing.map { [$0] } ?? []
    let layers = request.reading.union(request.seeding).union(request.gradients).union(summing)
    // What comes of the whole batch is computed by one plan.
    guard options.parallelism != .withinKernels, request.parameters.isEmpty,
      request.phase == .inference,
      layers.allSatisfy({ itemwise.contains((try? resolve($0)) ?? $0) })
    else { return [batch] }
    return Self.shares(of: batch, limit: shareLimit, width: width)
  }

  /// A batch in parts of up to `limit` items, nearly equal, and as many for each of `width` threads.
  static func shares(of batch: Int, limit: Int, width: Int) -> [Int] {
    let rounds = (batch - 1) / limit / width + 1
    let count = min(rounds * width, batch)
    return (0..<count).map { batch * ($0 + 1) / count - batch * $0 / count }
  }

  /// For a plan by itself: below this many operations, threads would mostly wait for one another.
  private func threads(for batch: Int) -> Int {
    switch options.parallelism {
    case .withinKernels: ComputeThreads.width
    case .acrossItems: 1
    case .automatic: operations * batch < 1 << 27 ? 1 : ComputeThreads.width
    }
  }

  /// Bytes of working memory that a pass takes, without making it.
  public func byteCount(of request: TraceRequest, batch: Int) throws(NetworkError) -> Int {
    let builder = try PlanBuilder(
      graph, for: try request.resolved(in: graph, aliases), batch: batch)
    let program = options.optimized(builder.program, sharing: weights)
    let workspace = program.kernels.map(\.workspaceByteCount).max() ?? 0
    return ArenaLayout(program).byteCount + workspace
  }
}

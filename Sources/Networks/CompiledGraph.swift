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

  /// - Parameters:
  ///   - aliases: further names by which requests may call layers; `@input` is always one.
  ///   - passes: what makes plans faster; leaving some out is for those who look for a mistake.
  ///   - idleByteLimit: how much memory plans may keep while nobody uses them.
  public init(
    _ graph: LayerGraph, aliases: [LayerName: LayerName] = [:], engine: Engine = .preferred,
    passes: Set<PlanPass> = Set(PlanPass.allCases), idleByteLimit: Int = 1 << 30
  ) {
    self.graph = graph
    options = PlanOptions(engine: engine, passes: passes)
    self.aliases = aliases.merging([.input: graph.input]) { given, _ in given }
    pool = PlanPool(byteLimit: idleByteLimit)
  }

  /// The layer that a name stands for.
  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try graph.resolve(name, aliases)
  }

  /// Runs the forward pass for `[N] + inputShape` and keeps what the request needs. Traps on a layer
  /// that does not exist, and on several items where the graph takes one only.
  public func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    let plan = pool.take(request, batch: batch.batch) {
      do {
        return try Plan(
          graph, aliases: aliases, for: request, batch: batch.batch, options: options,
          weights: weights)
      } catch {
        preconditionFailure("\(error)")
      }
    }
    plan.run(batch)
    return Trace(plan: plan, from: pool)
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

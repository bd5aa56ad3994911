import Kernels
import Tensors

/// A network compiled for one batch size and one request: frozen steps over memory of its own.
///
/// `@unchecked Sendable` holds because a plan is used by one trace at a time: the pool hands it out
/// to one caller and gets it back when that caller's trace ends.
final class Plan: @unchecked Sendable {
  let request: TraceRequest
  let batch: Int
  private let memory: Memory
  private let forward: [any Step]
  private let backward: [any Step]
  private let input: Operand
  private let values: [LayerName: Operand]
  private let cotangents: [LayerName: Operand]
  private let aliases: [LayerName: LayerName]
  private var sweepsRun = 0

  /// Bytes of the working memory.
  let byteCount: Int

  init(
    _ network: Network, for request: TraceRequest, batch: Int, engine: Engine
  ) throws(NetworkError) {
    let resolved = try request.resolved(in: network)
    let builder = try PlanBuilder(network, for: resolved, batch: batch)
    let layout = ArenaLayout(builder, sweeps: request.sweeps)
    guard let input = builder.values[network.input] else {
      throw .graph("the network has no input")
    }
    self.request = request
    self.batch = batch
    self.input = input
    values = builder.values
    cotangents = builder.cotangents
    aliases = [.input: network.input, .logits: network.logits]
    byteCount = layout.byteCount
    memory = Memory(
      offsets: layout.offsets, byteCount: layout.byteCount,
      workspaceByteCount: builder.kernels.map(\.workspaceByteCount).max() ?? 0,
      parameters: builder.parameters)
    let steps = builder.kernels.map { [memory] in engine.step(for: $0, in: memory) }
    forward = Array(steps[..<builder.forwardCount])
    backward = Array(steps[builder.forwardCount...])
  }

  /// Runs the forward pass. Traps unless `pictures` is a full batch.
  func run(_ pictures: Tensor) {
    precondition(
      pictures.shape == input.shape, "the plan takes \(input.shape), got \(pictures.shape)")
    memory.store(pictures, to: input)
    for step in forward { step.run() }
    sweepsRun = 0
  }

  func value(of layer: LayerName) -> Tensor {
    guard request.reading.contains(layer), let operand = values[aliases[layer] ?? layer] else {
      preconditionFailure("the request does not list '\(layer)' as read")
    }
    return memory.load(operand)
  }

  func sweep(_ seeds: [LayerName: Tensor]) -> [LayerName: Tensor] {
    precondition(
      request.sweeps == .many || sweepsRun == 0, "the request allows one reverse sweep only")
    precondition(
      seeds.keys.allSatisfy(request.seeding.contains), "the request does not list all seeded layers"
    )
    sweepsRun += 1
    for layer in request.seeding {
      guard let operand = cotangents[aliases[layer] ?? layer] else { continue }
      memory.store(seeds[layer] ?? Tensor(zeros: operand.shape), to: operand)
    }
    for step in backward { step.run() }
    return Dictionary(
      uniqueKeysWithValues: request.gradients.compactMap { layer in
        cotangents[aliases[layer] ?? layer].map { (layer, memory.load($0)) }
      })
  }
}

extension TraceRequest {
  /// The same request with `@input` and `@logits` replaced by the network's own names.
  func resolved(in network: Network) throws(NetworkError) -> TraceRequest {
    func resolve(_ names: Set<LayerName>) throws(NetworkError) -> Set<LayerName> {
      var resolved: Set<LayerName> = []
      for name in names { resolved.insert(try network.resolve(name)) }
      return resolved
    }
    return TraceRequest(
      reading: try resolve(reading), seeding: try resolve(seeding),
      gradients: try resolve(gradients), rule: rule, sweeps: sweeps)
  }
}

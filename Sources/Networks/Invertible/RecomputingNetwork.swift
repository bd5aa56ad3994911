public import Kernels
public import Tensors

/// An invertible network in training that keeps no activations: on the way back, each block's input is
/// restored from its output by the block's inverse, and what happens inside is computed again.
///
/// Forward goes block by block, each forgetting what it read. Backward, each block restores its input,
/// runs forward once more, and then carries the cotangent back. All passes of all blocks work in one arena,
/// as large as the greediest of them needs: memory for activations does not grow with depth. A step costs
/// two more passes forward than with activations kept, five thirds of the time.
///
/// Gradients are those of `TrainableNetwork` but for the rounding that inverses leave; normalisations
/// inside the blocks see the same batch three times, and the statistics follow once. Parameters, their
/// order and their names are the same.
///
/// Gomez, Ren, Urtasun, Grosse: The Reversible Residual Network, 2017 (arXiv:1707.04585).
public final class RecomputingNetwork: TrainableClassifier {
  public let trained: TrainedParameters
  public let engine: Engine

  private let start: InvertibleNetwork
  /// The blocks, and the head behind them.
  private let stages: [Stage]
  private let weights = PackedWeights()
  private var workshops = RecentlyUsed<WorkshopKey, Workshop>(limit: 3)

  /// Throws when a frozen layer does not exist, or nothing is left to be trained.
  public init(
    _ network: InvertibleNetwork, engine: Engine = .preferred, frozen: Set<LayerName> = []
  ) throws(NetworkError) {
    start = network
    self.engine = engine
    trained = try TrainedParameters(
      of: network.network, frozen: frozen.union(network.fixedLayers))
    var stages: [Stage] = []
    for index in network.blocks.indices { stages.append(try Stage(network, block: index)) }
    stages.append(try Stage(head: network))
    self.stages = stages
  }

  public var network: Network {
    get throws(NetworkError) { try trained.network(like: start.network) }
  }

  // MARK: - Passes

  @discardableResult
  public func step(_ batch: Tensor, seeds: (_ logits: Tensor) -> Tensor) -> Tensor {
    sweep(batch, .training, .step) { logits, _ in (seeds(logits), nil) }.logits
  }

  @discardableResult
  public func step(
    _ batch: Tensor, features: LayerName,
    seeds: (_ logits: Tensor, _ features: Tensor) -> (logits: Tensor, features: Tensor)
  ) -> Tensor {
    precondition(
      features == start.featureLayer, "\(features) does not hold the features")
    return sweep(batch, .training, .step) { logits, features in seeds(logits, features) }.logits
  }

  public func inputGradient(
    _ batch: Tensor, phase: Phase, seeds: (_ logits: Tensor) -> Tensor
  ) -> Tensor {
    sweep(batch, phase, .gradient) { logits, _ in (seeds(logits), nil) }.gradient
  }

  public func logits(_ batch: Tensor) -> Tensor {
    let workshop = workshop(.inference, .forward, batch: batch.batch)
    return stages.indices.reduce(batch) { workshop.run(.forward, stage: $1, on: $0) }
  }

  private func sweep(
    _ batch: Tensor, _ phase: Phase, _ purpose: Purpose,
    seeds: (_ logits: Tensor, _ features: Tensor) -> (logits: Tensor, features: Tensor?)
  ) -> (logits: Tensor, gradient: Tensor) {
    let workshop = workshop(phase, purpose, batch: batch.batch)
    let blocks = stages.indices.dropLast()
    var value = blocks.reduce(batch) { workshop.run(.forward, stage: $1, on: $0) }
    let logits = workshop.run(purpose, stage: blocks.endIndex, on: value)
    let found = seeds(logits, value)
    var gradient = workshop.sweep(purpose, stage: blocks.endIndex, seed: found.logits)
    if let more = found.features { gradient += more }
    for block in blocks.reversed() {
      // What the first block reads is still there.
      value = block == 0 ? batch : workshop.run(.inverse, stage: block, on: value)
      workshop.run(again: purpose, stage: block, on: value)
      gradient = workshop.sweep(purpose, stage: block, seed: gradient)
    }
    return (logits, gradient)
  }

  public func activationByteCount(batch: Int) -> Int {
    let workshop = workshop(.training, .step, batch: batch)
    // Beside the arena: what a block gives, what it read, and the cotangents of both.
    let map = batch * start.inputShape.count * MemoryLayout<Float>.stride
    return workshop.arena.byteCount + workshop.arena.workspaceByteCount + 4 * map
  }

  // MARK: - Plans

  /// A block or the head as graphs of its own.
  private struct Stage {
    let forward: LayerGraph
    let output: LayerName
    /// None for the head.
    let inverse: LayerGraph?
    let input: LayerName

    private static let entry: LayerName = "@entry"

    init(_ network: InvertibleNetwork, block index: Int) throws(NetworkError) {
      let (block, shape) = (network.blocks[index], network.blockShapes[index])
      var forward = GraphDraft(input: Self.entry)
      var inverse = GraphDraft(input: Self.entry)
      let outputShape: Shape
      do throws(LayerError) {
        outputShape = try block.outputShape(for: shape)
        try block.addForward(to: &forward, input: shape)
        try block.addInverse(to: &inverse, input: shape)
      } catch {
        throw .layer(LayerName(block.name), kind: type(of: block).kind, reason: error.reason)
      }
      self.forward = try LayerGraph(
        input: Self.entry, inputShape: shape, nodes: forward.nodes)
      output = forward.last
      self.inverse = try LayerGraph(
        input: Self.entry, inputShape: outputShape, nodes: inverse.nodes)
      input = inverse.last
    }

    init(head network: InvertibleNetwork) throws(NetworkError) {
      var forward = GraphDraft(input: Self.entry)
      do throws(LayerError) {
        try network.head.add(to: &forward)
      } catch {
        throw .layer(LayerName(network.head.name), kind: "head", reason: error.reason)
      }
      self.forward = try LayerGraph(
        input: Self.entry, inputShape: network.featureShape, nodes: forward.nodes)
      output = forward.last
      inverse = nil
      input = Self.entry
    }

    func request(
      _ purpose: Purpose, _ phase: Phase, training layers: Set<LayerName>
    ) -> TraceRequest? {
      switch purpose {
      case .forward: return TraceRequest(reading: [output], phase: phase)
      case .inverse:
        return inverse == nil ? nil : TraceRequest(reading: [input], phase: phase)
      case .step, .gradient:
        // The scores are asked for; what a block gives is known already.
        return TraceRequest(
          reading: inverse == nil ? [output] : [], seeding: [output], gradients: [.input],
          parameters: purpose == .step ? layers.intersection(forward.nodes.map(\.name)) : [],
          phase: phase)
      }
    }
  }

  fileprivate enum Purpose: Hashable { case forward, inverse, step, gradient }

  private struct WorkshopKey: Hashable {
    let phase: Phase
    let purpose: Purpose
    let batch: Int
    let width: Int
  }

  /// The plans of all stages for one kind of pass, in one arena.
  private final class Workshop {
    let arena: Arena
    private let stages: [Stage]
    private let plans: [Purpose: [Plan?]]

    init(
      _ stages: [Stage], _ purposes: [Purpose], _ phase: Phase, batch: Int,
      training: TrainedParameters, engine: Engine, weights: PackedWeights
    ) throws(NetworkError) {
      var sketches: [Purpose: [PlanSketch?]] = [:]
      for purpose in purposes {
        for stage in stages {
          var sketch: PlanSketch?
          if let request = stage.request(purpose, phase, training: training.layers) {
            let graph = purpose == .inverse ? stage.inverse ?? stage.forward : stage.forward
            sketch = try PlanSketch(
              graph, aliases: [.input: graph.input], for: request, batch: batch,
              options: PlanOptions(engine: engine), weights: weights,
              training: training.places(updating: purpose == .step))
          }
          sketches[purpose, default: []].append(sketch)
        }
      }
      let bytes = sketches.values.flatMap { $0.compactMap { $0?.byteCount } }.max() ?? 0
      let arena = Arena(byteCount: bytes)
      plans = sketches.mapValues { sketches in
        sketches.map { sketch in sketch.map { Plan($0, in: arena, training.memory) } }
      }
      self.arena = arena
      self.stages = stages
    }

    private func plan(_ purpose: Purpose, stage: Int) -> Plan {
      guard let plan = plans[purpose]?[stage] else {
        preconditionFailure("stage \(stage) has no plan to go \(purpose)")
      }
      return plan
    }

    /// What a stage makes of a map, or restores.
    func run(_ purpose: Purpose, stage: Int, on value: Tensor) -> Tensor {
      let plan = plan(purpose, stage: stage)
      plan.run(value)
      return plan.value(of: purpose == .inverse ? stages[stage].input : stages[stage].output)
    }

    /// Forward for a sweep, without a look at the output.
    func run(again purpose: Purpose, stage: Int, on value: Tensor) {
      plan(purpose, stage: stage).run(value)
    }

    /// The gradient at what the stage read.
    func sweep(_ purpose: Purpose, stage: Int, seed: Tensor) -> Tensor {
      let gradients = plan(purpose, stage: stage).sweep([stages[stage].output: seed])
      guard let gradient = gradients[.input] else {
        preconditionFailure("a sweep found no gradient at a block's input")
      }
      return gradient
    }
  }

  private func workshop(_ phase: Phase, _ purpose: Purpose, batch: Int) -> Workshop {
    let key = WorkshopKey(
      phase: phase, purpose: purpose, batch: batch, width: ComputeThreads.width)
    return workshops.value(for: key) {
      do {
        return try Workshop(
          stages, purpose == .forward ? [.forward] : [.forward, .inverse, purpose], phase,
          batch: batch, training: trained, engine: engine, weights: weights)
      } catch {
        preconditionFailure("\(error)")
      }
    }
  }
}

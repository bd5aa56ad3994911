import Kernels
import Tensors

/// How plans are made of a graph, whatever they are for.
struct PlanOptions: Sendable {
  var engine: Engine
  var passes = Set(PlanPass.allCases)
  var parallelism = Parallelism.automatic

  /// Plain Swift, kernel by kernel as the layers wrote them: for what is computed once.
  static let plain = PlanOptions(engine: .portable, passes: [])

  /// The program after all passes, in their order.
  func optimized(_ program: Program, sharing weights: PackedWeights) -> Program {
    var program = program
    for pass in PlanPass.allCases where passes.contains(pass) {
      pass.apply(to: &program, on: engine, sharing: weights)
    }
    return program
  }
}

/// What a plan will compute, and how much memory it takes, before it has any.
struct PlanSketch {
  let request: TraceRequest
  let batch: Int
  let builder: PlanBuilder
  let program: Program
  let layout: ArenaLayout
  let input: Operand
  let graphInput: LayerName
  let aliases: [LayerName: LayerName]
  let engine: Engine
  let weights: PackedWeights

  /// - Parameters: as of `Plan`.
  init(
    _ graph: LayerGraph, aliases: [LayerName: LayerName] = [:], for request: TraceRequest,
    batch: Int, options: PlanOptions, weights: PackedWeights,
    training places: TrainedPlaces = TrainedPlaces()
  ) throws(NetworkError) {
    let resolved = try request.resolved(in: graph, aliases)
    builder = try PlanBuilder(graph, for: resolved, batch: batch, training: places)
    program = options.optimized(builder.program, sharing: weights)
    layout = ArenaLayout(program)
    guard let input = builder.values[graph.input] else { throw .graph("the graph has no input") }
    self.input = input
    graphInput = graph.input
    self.request = request
    self.batch = batch
    self.aliases = aliases
    engine = options.engine
    self.weights = weights
  }

  /// Bytes of the slots, and of what kernels use while they run as far as they tell.
  var byteCount: Int { layout.byteCount }
  var workspaceByteCount: Int { program.kernels.map(\.workspaceByteCount).max() ?? 0 }
}

/// A graph compiled for one batch size and one request: frozen steps over memory of its own.
///
/// `@unchecked Sendable` holds because a plan is used by one trace at a time: the pool hands it out
/// to one caller and gets it back when that caller's trace ends.
final class Plan: @unchecked Sendable {
  let request: TraceRequest
  let batch: Int
  /// The threads for which the steps are prepared.
  let width: Int
  private let memory: Memory
  let program: Program
  let forward: [any Step]
  let backward: [any Step]
  private let input: Operand
  /// Where the input lies that this one is compared with, if any.
  private let referenceInput: Operand?
  private let values: [LayerName: Operand]
  private let references: [LayerName: Operand]
  private let cotangents: [LayerName: Operand]
  private let parameterCotangents: [LayerName: [Operand]]
  private let updates: [ParameterName: Operand]
  private let aliases: [LayerName: LayerName]
  private var sweepsRun = 0

  /// Bytes of the slots.
  let byteCount: Int
  /// Bytes that kernels use while they run; as many as the greediest plan's where plans share an arena.
  var workspaceByteCount: Int { memory.workspaceByteCount }

  /// - Parameters:
  ///   - aliases: other names by which the request may call layers.
  ///   - weights: what plans share of the graph's parameters.
  ///   - places: where parameters lie that are being trained.
  ///   - external: the memory that holds these.
  convenience init(
    _ graph: LayerGraph, aliases: [LayerName: LayerName] = [:], for request: TraceRequest,
    batch: Int, options: PlanOptions, weights: PackedWeights = PackedWeights(),
    training places: TrainedPlaces = TrainedPlaces(), in external: ExternalMemory? = nil
  ) throws(NetworkError) {
    let sketch = try PlanSketch(
      graph, aliases: aliases, for: request, batch: batch, options: options, weights: weights,
      training: places)
    self.init(sketch, in: Arena(byteCount: sketch.byteCount), external)
  }

  /// - Parameter arena: has the bytes that the sketch asks for. Plans that share it run one after the
  ///   other, and each is done with before the next one runs.
  init(_ sketch: PlanSketch, in arena: Arena, _ external: ExternalMemory? = nil) {
    let (builder, program, layout) = (sketch.builder, sketch.program, sketch.layout)
    precondition(
      arena.byteCount >= layout.byteCount,
      "a plan of \(layout.byteCount) bytes in an arena of \(arena.byteCount)")
    width = ComputeThreads.width
    self.program = program
    request = sketch.request
    batch = sketch.batch
    input = sketch.input
    referenceInput = builder.references[sketch.graphInput]
    values = builder.values
    references = builder.references
    cotangents = builder.cotangents
    // Gradients beside the plan are read there.
    parameterCotangents = Dictionary(
      grouping: builder.parameterCotangents.filter(\.value.isSlot).sorted { $0.key < $1.key }
    ) { $0.key.layer }.mapValues { $0.map(\.value) }
    updates = builder.updates
    aliases = sketch.aliases
    byteCount = layout.byteCount
    memory = Memory(
      offsets: layout.offsets, arena: arena, workspaceByteCount: sketch.workspaceByteCount,
      parameters: program.parameters, external: external, packedWeights: sketch.weights)
    let steps = program.kernels.map { [memory] in sketch.engine.step(for: $0, in: memory) }
    forward = Array(steps[..<program.forwardCount])
    backward = Array(steps[program.forwardCount...])
  }

  /// Runs the forward pass. Traps unless `pictures` is a full batch, and `references` another one
  /// where the plan compares.
  func run(_ pictures: Tensor, against references: Tensor? = nil) {
    precondition(
      pictures.shape == input.shape, "the plan takes \(input.shape), got \(pictures.shape)")
    precondition(
      references?.shape == referenceInput?.shape,
      "the plan compares with \(referenceInput.map { "\($0.shape)" } ?? "nothing"), got "
        + "\(references.map { "\($0.shape)" } ?? "nothing")")
    memory.store(pictures, to: input)
    if let references, let referenceInput { memory.store(references, to: referenceInput) }
    for step in forward { step.run() }
    sweepsRun = 0
  }

  func value(of layer: LayerName) -> Tensor {
    memory.load(operand(of: layer, in: values))
  }

  /// The value in the pass that this one is compared with.
  func reference(of layer: LayerName) -> Tensor {
    memory.load(operand(of: layer, in: references))
  }

  private func operand(of layer: LayerName, in values: [LayerName: Operand]) -> Operand {
    guard request.reading.contains(layer), let operand = values[aliases[layer] ?? layer] else {
      preconditionFailure("the request does not list '\(layer)' as read")
    }
    return operand
  }

  func update(of parameter: ParameterName) -> Tensor? {
    let layer = aliases[parameter.layer] ?? parameter.layer
    return updates[ParameterName(layer, parameter.index)].map(memory.load)
  }

  func sweep(_ seeds: [LayerName: Tensor]) -> Gradients {
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
    return Gradients(
      layers: loaded(request.gradients) { cotangents[$0].map(memory.load) },
      parameters: loaded(request.parameters) { (parameterCotangents[$0] ?? []).map(memory.load) })
  }

  /// Adds what the last sweep found at the request's `summing` layer, each item times its weight.
  func addGradients(weights: [Float], to sum: inout WeightedSum) {
    guard let summed = program.summed else {
      preconditionFailure("the request lists no layer to sum at")
    }
    sum.add(summed.operand, in: summed.layout, of: memory, weights: weights)
  }

  private func loaded<Value>(
    _ layers: Set<LayerName>, _ value: (LayerName) -> Value?
  ) -> [LayerName: Value] {
    Dictionary(
      uniqueKeysWithValues: layers.compactMap { layer in
        value(aliases[layer] ?? layer).map { (layer, $0) }
      })
  }
}

extension TraceRequest {
  /// The same request with aliases such as `@input` replaced by the graph's own names.
  func resolved(
    in graph: LayerGraph, _ aliases: [LayerName: LayerName]
  ) throws(NetworkError) -> TraceRequest {
    func resolve(_ names: Set<LayerName>) throws(NetworkError) -> Set<LayerName> {
      var resolved: Set<LayerName> = []
      for name in names { resolved.insert(try graph.resolve(name, aliases)) }
      return resolved
    }
    let summed: LayerName? = if let summing { try graph.resolve(summing, aliases) } else { nil }
    return TraceRequest(
      reading: try resolve(reading), seeding: try resolve(seeding),
      gradients: try resolve(gradients), summing: summed, parameters: try resolve(parameters),
      phase: phase, rule: rule, sweeps: sweeps, compares: compares)
  }
}

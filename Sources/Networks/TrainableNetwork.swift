public import Kernels
public import Tensors

/// A network whose parameters change from pass to pass, with gradients beside them.
///
/// All trained parameters lie one after the other in memory that can be read and written in place, and
/// so do their gradients, in the same order: an optimiser is one loop. Trained are the parameters of
/// every `TrainableLayer` that the logits depend on and that is not frozen, and constants that are
/// parameters of other layers: biases that are added by themselves, factors, slopes of rectifiers and
/// matrices. Single numbers in formulas and the preprocessing of pixels are not.
///
///     let network = try TrainableNetwork(start)
///     let logits = network.step(batch) { logits in seeds }    // ∂loss/∂logits
///     network.withValues { values in
///       network.withGradients { gradients in
///         for index in values.indices { values[index] -= rate * gradients[index] }
///       }
///     }
///     let trained = try network.network
///
/// Passes are planned at their first use for each batch size, for as many threads as the calling thread
/// may use then (`ComputeThreads`), and the plans are kept: use one batch size, or a few. With the same
/// values, batch and number of threads, results are the same bits every time.
///
/// Not Sendable, and for one thread at a time. Reading `network` copies all parameters.
public final class TrainableNetwork {
  /// A parameter, and where it lies.
  public struct Parameter: Sendable, Hashable {
    public let name: ParameterName
    public let shape: Shape
    /// Weight decay is for those whose role `decays`.
    public let role: ParameterRole
    /// Its place in `values` and `gradients`, or in `statistics`.
    public let range: Range<Int>
  }

  /// What is trained by gradients, in the order of the graph.
  public let parameters: [Parameter]
  /// What follows the data of training passes: running means and variances.
  public let statistics: [Parameter]
  /// Floats in `values`, and in `gradients`.
  public let parameterCount: Int
  public let engine: Engine
  /// Layers that keep their parameters, constants among their inputs included, and normalise as in
  /// inference.
  public let frozen: Set<LayerName>

  private let start: Network
  private let memory: ExternalMemory
  private let trained: Set<LayerName>
  private let places: TrainedPlaces
  private let weights = PackedWeights()
  private var plans: [PlanKey: Plan] = [:]
  /// The plans used, the last one at the end.
  private var recent: [PlanKey] = []

  /// Throws when a frozen layer does not exist, or nothing is left to be trained.
  public init(
    _ network: Network, engine: Engine = .preferred, frozen: Set<LayerName> = []
  ) throws(NetworkError) {
    var still: Set<LayerName> = []
    for name in frozen { still.insert(try network.resolve(name)) }
    let graph = try network.graph.needed(for: [network.logits])
    let constants = graph.learnedConstants
    for node in graph.nodes where still.contains(node.name) {
      still.formUnion(node.inputs.filter { constants[$0] != nil })
    }
    var found: [(name: ParameterName, role: ParameterRole, tensor: Tensor)] = []
    for node in graph.nodes where !still.contains(node.name) {
      let roles =
        (node.layer as? any TrainableLayer)?.roles ?? constants[node.name].map { [$0] } ?? []
      for (index, (role, tensor)) in zip(roles, node.layer.parameters).enumerated() {
        found.append((ParameterName(node.name, index), role, tensor))
      }
    }
    func placed(_ isPlaced: (ParameterRole) -> Bool) -> [Parameter] {
      var end = 0
      return found.filter { isPlaced($0.role) }.map { name, role, tensor in
        defer { end += tensor.count }
        return Parameter(
          name: name, shape: tensor.shape, role: role, range: end..<end + tensor.count)
      }
    }
    parameters = placed { $0 != .statistic }
    statistics = placed { $0 == .statistic }
    parameterCount = parameters.last?.range.upperBound ?? 0
    guard parameterCount > 0 else { throw .graph("no layer has parameters to be trained") }

    // Values, gradients and statistics, each at an address that vectors like.
    let stride = (parameterCount + 15) / 16 * 16
    memory = ExternalMemory(count: 2 * stride + (statistics.last?.range.upperBound ?? 0))
    var places = TrainedPlaces()
    for parameter in parameters {
      let start = parameter.range.lowerBound
      places.values[parameter.name] = Operand(.external(start), shape: parameter.shape)
      places.gradients[parameter.name] = Operand(
        .external(stride + start), shape: parameter.shape)
    }
    for statistic in statistics {
      places.values[statistic.name] = Operand(
        .external(2 * stride + statistic.range.lowerBound), shape: statistic.shape)
    }
    places.frozen = still
    self.places = places
    trained = Set(parameters.map(\.name.layer))
    start = network
    self.engine = engine
    self.frozen = still
    for (name, _, tensor) in found {
      guard case .external(let start)? = places.values[name]?.place else { continue }
      tensor.withScalars { scalars in
        _ = UnsafeMutableBufferPointer(rebasing: memory.scalars[start..<start + tensor.count])
          .update(fromContentsOf: scalars)
      }
    }
  }

  // MARK: - Values

  /// The trained parameters, `parameterCount` floats, to be read and written in place.
  public func withValues<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(part(from: 0, count: parameterCount))
  }

  /// Their gradients, in the same order, as the last `step` left them.
  public func withGradients<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(part(from: gradientStart, count: parameterCount))
  }

  /// Running means and variances, to be read and written in place.
  public func withStatistics<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(part(from: 2 * gradientStart, count: statistics.last?.range.upperBound ?? 0))
  }

  private var gradientStart: Int { (parameterCount + 15) / 16 * 16 }

  private func part(from start: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: memory.scalars[start..<start + count])
  }

  /// The network with the present values and statistics.
  public var network: Network {
    get throws(NetworkError) {
      var nodes: [Network.Node] = []
      for node in start.nodes {
        nodes.append(try trained(node))
      }
      return try Network(
        LayerGraph(input: start.input, inputShape: start.inputShape, nodes: nodes),
        logits: start.logits, labels: start.labels)
    }
  }

  private func trained(_ node: Network.Node) throws(NetworkError) -> Network.Node {
    guard trained.contains(node.name) else { return node }
    let tensors = node.layer.parameters.enumerated().map { index, tensor in
      guard case .external(let start)? = places.values[ParameterName(node.name, index)]?.place
      else { return tensor }
      return Tensor(
        Array(memory.scalars[start..<start + tensor.count]), shape: tensor.shape)
    }
    do throws(LayerError) {
      let layer = try (node.layer as? any TrainableLayer)?.with(parameters: tensors)
      return Network.Node(node.name, layer ?? Constant(tensors[0]), of: node.inputs)
    } catch {
      throw .layer(node.name, kind: node.layer.kind, reason: error.reason)
    }
  }

  // MARK: - Passes

  /// One pass forward and back in training: sets `gradients` to those of Σ ⟨seed, logits⟩ over the
  /// batch, has the running statistics follow, and returns the logits `[N, K]`.
  ///
  /// - Parameters:
  ///   - batch: `[N, C, H, W]`
  ///   - seeds: given the logits, the loss's gradient at them, of the same shape.
  @discardableResult
  public func step(_ batch: Tensor, seeds: (_ logits: Tensor) -> Tensor) -> Tensor {
    let plan = plan(.step, .training, batch: batch.batch)
    plan.run(batch)
    let logits = plan.value(of: .logits)
    _ = plan.sweep([.logits: seeds(logits)])
    return logits
  }

  /// The logits `[N, K]` of `[N, C, H, W]` in inference, with the present values and statistics.
  public func logits(_ batch: Tensor) -> Tensor {
    let plan = plan(.logits, .inference, batch: batch.batch)
    plan.run(batch)
    return plan.value(of: .logits)
  }

  /// The gradient of Σ ⟨seed, logits⟩ at the pictures, `[N, C, H, W]`, for an attack on them. Neither
  /// gradients nor statistics change.
  ///
  /// - Parameters:
  ///   - batch: `[N, C, H, W]`
  ///   - phase: in training, pictures are normalised with the statistics of the batch.
  ///   - seeds: as in `step(_:seeds:)`.
  public func inputGradient(
    _ batch: Tensor, phase: Phase = .inference, seeds: (_ logits: Tensor) -> Tensor
  ) -> Tensor {
    let plan = plan(.input, phase, batch: batch.batch)
    plan.run(batch)
    guard let gradient = plan.sweep([.logits: seeds(plan.value(of: .logits))])[.input] else {
      preconditionFailure("a sweep found no gradient at the input")
    }
    return gradient
  }

  // MARK: - Plans

  enum Purpose: Hashable { case step, logits, input }

  private struct PlanKey: Hashable {
    let purpose: Purpose
    let phase: Phase
    let batch: Int
    let width: Int
  }

  /// Most plans kept at a time.
  private static let planLimit = 6

  func plan(_ purpose: Purpose, _ phase: Phase, batch: Int) -> Plan {
    let key = PlanKey(
      purpose: purpose, phase: phase, batch: batch, width: ComputeThreads.width)
    recent.removeAll { $0 == key }
    if let plan = plans[key] {
      recent.append(key)
      return plan
    }
    if recent.count >= Self.planLimit { plans[recent.removeFirst()] = nil }
    let request = TraceRequest(
      reading: [.logits], seeding: purpose == .logits ? [] : [.logits],
      gradients: purpose == .input ? [.input] : [],
      parameters: purpose == .step ? trained : [], phase: phase)
    var places = places
    if purpose == .step {
      for statistic in statistics {
        places.updates[statistic.name] = places.values[statistic.name]
      }
    }
    do {
      let plan = try Plan(
        start.graph, aliases: start.aliases, for: request, batch: batch,
        options: PlanOptions(engine: engine), weights: weights, training: places, in: memory)
      plans[key] = plan
      recent.append(key)
      return plan
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

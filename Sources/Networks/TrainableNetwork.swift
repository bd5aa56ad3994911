public import Kernels
public import Tensors

/// A network whose parameters change from pass to pass, with gradients beside them, and all activations
/// kept between the way forward and the way back.
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
public final class TrainableNetwork: TrainableClassifier {
  public let trained: TrainedParameters
  public let engine: Engine

  private let start: Network
  private let weights = PackedWeights()
  private var plans = RecentlyUsed<PlanKey, Plan>(limit: 6)

  /// Throws when a frozen layer does not exist, or nothing is left to be trained.
  public init(
    _ network: Network, engine: Engine = .preferred, frozen: Set<LayerName> = []
  ) throws(NetworkError) {
    trained = try TrainedParameters(of: network, frozen: frozen)
    start = network
    self.engine = engine
  }

  public var network: Network {
    get throws(NetworkError) { try trained.network(like: start) }
  }

  // MARK: - Passes

  @discardableResult
  public func step(_ batch: Tensor, seeds: (_ logits: Tensor) -> Tensor) -> Tensor {
    let plan = plan(.step, .training, batch: batch.batch)
    plan.run(batch)
    let logits = plan.value(of: .logits)
    _ = plan.sweep([.logits: seeds(logits)])
    return logits
  }

  @discardableResult
  public func step(
    _ batch: Tensor, features: LayerName,
    seeds: (_ logits: Tensor, _ features: Tensor) -> (logits: Tensor, features: Tensor)
  ) -> Tensor {
    let plan = plan(.step, .training, batch: batch.batch, features: features)
    plan.run(batch)
    let logits = plan.value(of: .logits)
    let found = seeds(logits, plan.value(of: features))
    _ = plan.sweep([.logits: found.logits, features: found.features])
    return logits
  }

  public func logits(_ batch: Tensor) -> Tensor {
    let plan = plan(.logits, .inference, batch: batch.batch)
    plan.run(batch)
    return plan.value(of: .logits)
  }

  public func inputGradient(
    _ batch: Tensor, phase: Phase, seeds: (_ logits: Tensor) -> Tensor
  ) -> Tensor {
    let plan = plan(.input, phase, batch: batch.batch)
    plan.run(batch)
    guard let gradient = plan.sweep([.logits: seeds(plan.value(of: .logits))])[.input] else {
      preconditionFailure("a sweep found no gradient at the input")
    }
    return gradient
  }

  public func activationByteCount(batch: Int) -> Int {
    let plan = plan(.step, .training, batch: batch)
    return plan.byteCount + plan.workspaceByteCount
  }

  // MARK: - Plans

  enum Purpose: Hashable { case step, logits, input }

  private struct PlanKey: Hashable {
    let purpose: Purpose
    let phase: Phase
    let batch: Int
    let width: Int
    /// A layer that is looked at beside the logits.
    let features: LayerName?
  }

  func plan(
    _ purpose: Purpose, _ phase: Phase, batch: Int, features: LayerName? = nil
  ) -> Plan {
    let key = PlanKey(
      purpose: purpose, phase: phase, batch: batch, width: ComputeThreads.width,
      features: features)
    return plans.value(for: key) {
      let read: Set<LayerName> = features.map { [.logits, $0] } ?? [.logits]
      let request = TraceRequest(
        reading: read, seeding: purpose == .logits ? [] : read,
        gradients: purpose == .input ? [.input] : [],
        parameters: purpose == .step ? trained.layers : [], phase: phase)
      do {
        return try Plan(
          start.graph, aliases: start.aliases, for: request, batch: batch,
          options: PlanOptions(engine: engine), weights: weights,
          training: trained.places(updating: purpose == .step), in: trained.memory)
      } catch {
        preconditionFailure("\(error)")
      }
    }
  }
}

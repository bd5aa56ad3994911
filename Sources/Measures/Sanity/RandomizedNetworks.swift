public import Networks
import Synchronization

/// Networks with shuffled parameters for a whole run: each is made and compiled at its first use,
/// and kept.
///
/// Several threads may ask. Memory is that of the shuffled parameters (a network shares those that
/// it did not shuffle), of what its engine packs of them, and of the plans that each keeps.
public final class RandomizedNetworks: Sendable {
  /// Layers with trained parameters, the one next to the logits first.
  public let layers: [LayerName]
  private let original: CompiledNetwork
  private let seed: UInt64
  private let idleByteLimit: Int
  private let made = Mutex<[Set<LayerName>: CompiledNetwork]>([:])

  /// - Parameters:
  ///   - seed: of the shuffling; the run's, not a picture's.
  ///   - idleByteLimit: how much memory each network's plans may keep while nobody uses them.
  public init(of model: CompiledNetwork, seed: UInt64, idleByteLimit: Int = 1 << 28) {
    original = model
    layers = model.network.trainableLayers.reversed()
    self.seed = seed
    self.idleByteLimit = idleByteLimit
  }

  /// The network with the parameters of some of its `layers` shuffled.
  public func model(
    shuffling layers: Set<LayerName>
  ) throws(NetworkError) -> CompiledNetwork {
    if let model = made.withLock({ $0[layers] }) { return model }
    let network = try original.network.randomized(layers, seed: seed)
    let model = CompiledNetwork(
      network, engine: original.engine, idleByteLimit: idleByteLimit)
    return made.withLock { made in
      // Another thread may have been faster; all use the same plans.
      if let first = made[layers] { return first }
      made[layers] = model
      return model
    }
  }
}

import Kernels

/// A way to make plans faster. Each leaves what is computed as it is, up to rounding, and what is
/// computed does not depend on which layers a request reads.
public enum PlanPass: String, Sendable, CaseIterable {
  // In the order in which they run.
  case foldedScales, splitJoins, fusedNormalizations, fusedSums, fusedGates, gateMasks
  case seededPullbacks, channelsLast, sharedMemory

  /// - Parameter packed: where weights are kept that a pass makes of others.
  func apply(to program: inout Program, on engine: Engine, sharing packed: PackedWeights) {
    switch self {
    case .foldedScales: FoldedScales.apply(to: &program, sharing: packed)
    case .splitJoins: SplitJoins.apply(to: &program, sharing: packed)
    case .fusedNormalizations: FusedNormalizations.apply(to: &program)
    case .fusedSums: FusedSums.apply(to: &program)
    case .fusedGates: FusedGates.apply(to: &program)
    case .gateMasks: GateMasks.apply(to: &program)
    case .seededPullbacks: SeededPullbacks.apply(to: &program)
    case .channelsLast: if engine.prefersChannelsLast { ChannelsLast.apply(to: &program) }
    case .sharedMemory: SharedMemory.apply(to: &program)
    }
  }
}

package import Kernels

extension Engine {
  /// What results depend on beside the network: the engine, as it is recorded.
  package var identity: String { rawValue }
}

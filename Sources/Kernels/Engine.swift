#if TIDEMARK_ONEDNN
  import CComputeShims
#endif

/// Which kernel set computes.
public enum Engine: String, Sendable, Codable, CaseIterable {
  /// Plain Swift, on every platform; the oracle for the others.
  case portable
  /// oneDNN's primitives and C kernels of our own, plain Swift elsewhere.
  case oneDNN = "onednn"

  /// Engines that this build has, fastest first.
  public static var available: [Engine] {
    #if TIDEMARK_ONEDNN
      [.oneDNN, .portable]
    #else
      [.portable]
    #endif
  }

  /// The fastest engine of this build.
  public static var preferred: Engine { available[0] }

  /// Whether convolutions and what stands between them are faster with channels last.
  public var prefersChannelsLast: Bool { self == .oneDNN }

  /// Binds a kernel to memory. Traps when this build lacks the engine.
  public func step(for kernel: any Kernel, in memory: Memory) -> any Step {
    precondition(Self.available.contains(self), "this build has no \(rawValue) engine")
    #if TIDEMARK_ONEDNN
      if self == .oneDNN, let kernel = kernel as? any AcceleratedKernel,
        let step = kernel.acceleratedStep(in: memory)
      {
        return step
      }
    #endif
    return PortableStep(kernel: kernel, memory: memory)
  }
}

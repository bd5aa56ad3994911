#if TIDEMARK_ONEDNN
  /// A kernel that oneDNN may compute faster than plain Swift.
  protocol OneDNNKernel: Kernel {
    /// The kernel prepared for oneDNN, or nil where that has nothing better than `run`.
    func oneDNNStep(in memory: Memory) -> (any Step)?
  }
#endif

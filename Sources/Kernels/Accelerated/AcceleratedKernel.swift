/// A kernel for which the fast engine has a step of its own: a primitive of oneDNN's, or a C kernel of
/// ours.
protocol AcceleratedKernel: Kernel {
  /// The kernel bound to memory; nil where nothing beats the portable implementation.
  func acceleratedStep(in memory: Memory) -> (any Step)?
}

/// One operation on operands: what it reads and writes, and how plain Swift computes it.
///
/// `run` is the portable implementation and the oracle for faster ones. A kernel set may prepare a
/// faster step for the same kernel; it must compute the same function. Results must not depend on how
/// the batch is composed: an item's output is a function of that item alone, and sums run in an order
/// that neither batch size nor thread count changes.
public protocol Kernel: Sendable {
  /// Operands whose values must be there before the kernel runs. A kernel that accumulates also
  /// lists its target here.
  var reads: [Operand] { get }

  /// Operands that the kernel fills.
  var writes: [Operand] { get }

  /// Bytes of scratch memory needed while it runs.
  var workspaceByteCount: Int { get }

  /// Computes `writes` from `reads`.
  func run(in memory: Memory)
}

extension Kernel {
  public var workspaceByteCount: Int { 0 }
}

/// A kernel bound to memory, ready to run any number of times.
public protocol Step {
  func run()
}

/// A step that runs a kernel's portable implementation.
struct PortableStep: Step {
  let kernel: any Kernel
  let memory: Memory

  func run() { kernel.run(in: memory) }
}

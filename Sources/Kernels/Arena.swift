/// Working memory of a plan, or of several that never run at the same time: room for slots, which stays
/// where it is, and room for what kernels need while they run, which may move between runs.
///
/// Not Sendable: whoever has plans share one must know that no two of them run, and that nothing is
/// expected to outlast the run of another one.
public final class Arena {
  let start: UnsafeMutableRawPointer
  /// Bytes for slots.
  public let byteCount: Int
  private(set) var workspace: UnsafeMutableRawPointer
  /// Bytes that kernels may use while they run.
  public private(set) var workspaceByteCount = 0

  public init(byteCount: Int) {
    self.byteCount = byteCount
    start = .allocate(byteCount: max(byteCount, 1), alignment: Memory.alignment)
    workspace = .allocate(byteCount: 1, alignment: Memory.alignment)
  }

  deinit {
    start.deallocate()
    workspace.deallocate()
  }

  /// Makes sure that the workspace has this many bytes. What was there is lost.
  func reserveWorkspace(_ byteCount: Int) {
    guard byteCount > workspaceByteCount else { return }
    workspace.deallocate()
    workspace = .allocate(byteCount: byteCount, alignment: Memory.alignment)
    workspaceByteCount = byteCount
  }
}

import CKernels

#if TIDEMARK_ONEDNN
  import CComputeShims
#endif

/// How many threads the kernels of the calling thread may use.
///
/// The setting belongs to the thread that drives a plan (OpenMP keeps it so), which is why plans run
/// on dedicated threads. The portable kernels always use one. Results do not depend on it.
public enum ComputeThreads {
  /// The width for kernels that the calling thread runs or prepares.
  public static var width: Int { Int(tm_threads()) }

  /// Sets the width for kernels run by the calling thread. Traps below 1.
  public static func setWidth(_ count: Int) {
    precondition(count >= 1, "kernels need a thread, got \(count)")
    #if TIDEMARK_ONEDNN
      tm_set_threads(Int32(clamping: count))
    #endif
  }
}

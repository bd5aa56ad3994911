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

  /// Calls `body` with another width for the calling thread.
  public static func withWidth<R, E: Error>(_ count: Int, _ body: () throws(E) -> R) throws(E) -> R
  {
    let before = width
    guard count != before else { return try body() }
    setWidth(count)
    defer { setWidth(before) }
    return try body()
  }

  /// Calls `body` with each number below `count`, on as many threads as the calling thread may use.
  /// Kernels that `body` runs have one thread each.
  public static func forEach(below count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      let work = Work(body)
      withExtendedLifetime(work) {
        tm_parallel(
          Int32(clamping: count),
          { context, index in
            guard let context else { return }
            Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().body(Int(index))
          }, Unmanaged.passUnretained(work).toOpaque())
      }
    }
  }

  private final class Work {
    let body: (Int) -> Void

    init(_ body: @escaping (Int) -> Void) { self.body = body }
  }
}

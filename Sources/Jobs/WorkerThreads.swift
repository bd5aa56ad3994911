import Foundation
import Kernels
import Synchronization

/// A fixed set of threads that work through a list.
///
/// Kernels keep their width per thread, plans are driven by one thread at a time and a deep network
/// wants more stack than Swift's cooperative pool gives; so the work has threads of its own, and
/// asynchronous code only awaits what they yield.
///
/// Plans side by side use the cores better than one plan spread over them, so a worker's kernels have
/// one thread; more only where there are fewer workers than cores.
struct WorkerThreads: Sendable {
  /// At least 1.
  let count: Int
  /// Threads for each one's kernels, at least 1.
  var width = 1

  private static let stackByteCount = 16 << 20

  /// Results of all elements, in the order in which they are ready. Elements are begun in their own
  /// order. The work ends early when nobody awaits any longer.
  func results<Element: Sendable, Result: Sendable>(
    of elements: [Element], _ work: @escaping @Sendable (Element) -> Result
  ) -> AsyncStream<(index: Int, result: Result)> {
    let (stream, continuation) = AsyncStream.makeStream(of: (index: Int, result: Result).self)
    let queue = WorkQueue(elementCount: elements.count, workerCount: count)
    continuation.onTermination = { _ in queue.close() }
    for _ in 0..<count {
      let thread = Thread { [width] in
        ComputeThreads.setWidth(width)
        while let index = queue.next() {
          continuation.yield((index, work(elements[index])))
        }
        if queue.leave() { continuation.finish() }
      }
      thread.stackSize = Self.stackByteCount
      thread.start()
    }
    return stream
  }
}

/// Hands out indices to workers, and knows when the last of them has left.
private final class WorkQueue: Sendable {
  private struct State {
    var next = 0
    var workers: Int
    var isClosed = false
  }

  private let elementCount: Int
  private let state: Mutex<State>

  init(elementCount: Int, workerCount: Int) {
    self.elementCount = elementCount
    state = Mutex(State(workers: workerCount))
  }

  func next() -> Int? {
    state.withLock { state in
      guard !state.isClosed, state.next < elementCount else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  func close() { state.withLock { $0.isClosed = true } }

  /// Whether this was the last worker.
  func leave() -> Bool {
    state.withLock { state in
      state.workers -= 1
      return state.workers == 0
    }
  }
}

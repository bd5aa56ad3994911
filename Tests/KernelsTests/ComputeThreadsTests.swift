import CKernels
import Synchronization
import Testing

@testable import Kernels

struct ComputeThreadsTests {
  @Test(arguments: [1, 2, 3])
  func `each number is worked at once, by numbered threads`(_ width: Int) {
    ComputeThreads.withWidth(width) {
      let counts = (0..<50).map { _ in Counter() }
      ComputeThreads.forEach(below: 50) { index in
        #expect((0..<width).contains(Int(tm_thread_index())))
        counts[index].add()
      }
      #expect(counts.allSatisfy { $0.value == 1 })
    }
  }

  @Test func `work within work has one thread, numbered 0`() {
    ComputeThreads.withWidth(2) {
      let inner = Counter()
      ComputeThreads.forEach(below: 4) { _ in
        let outside = tm_thread_index()
        #expect(ComputeThreads.width == 1)
        ComputeThreads.forEach(below: 3) { _ in
          #expect(tm_thread_index() == 0)
          inner.add()
        }
        #expect(tm_thread_index() == outside)
      }
      #expect(inner.value == 12)
    }
    #expect(tm_thread_index() == 0)
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
  }
}

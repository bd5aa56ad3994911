import Kernels
import Synchronization

/// Idle plans of one network, kept for reuse up to a limit of memory.
final class PlanPool: Sendable {
  private let idle = Mutex<[Plan]>([])
  private let limit: Atomic<Int>

  init(byteLimit: Int) { limit = Atomic(byteLimit) }

  /// Bytes that idle plans may hold together; the longest idle go first, as soon as the next plan
  /// is given back.
  var byteLimit: Int {
    get { limit.load(ordering: .relaxed) }
    set { limit.store(newValue, ordering: .relaxed) }
  }

  /// An idle plan that fits, and is prepared for as many threads as the caller may use, or a new one.
  func take(_ request: TraceRequest, batch: Int, orMake make: () -> Plan) -> Plan {
    let width = ComputeThreads.width
    let found = idle.withLock { plans -> Plan? in
      guard
        let index = plans.lastIndex(where: {
          $0.request == request && $0.batch == batch && $0.width == width
        })
      else { return nil }
      return plans.remove(at: index)
    }
    return found ?? make()
  }

  /// Takes a plan back, dropping the longest idle ones beyond the limit.
  func giveBack(_ plan: Plan) {
    idle.withLock { plans in
      plans.append(plan)
      var bytes = plans.reduce(0) { $0 + $1.byteCount }
      while bytes > byteLimit, plans.count > 1 {
        bytes -= plans.removeFirst().byteCount
      }
    }
  }
}

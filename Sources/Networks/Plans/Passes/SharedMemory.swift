import Kernels

/// Lets two slots be one where a kernel copies one to the other, or could as well work in place.
enum SharedMemory {
  static func apply(to program: inout Program) {
    var uses = program.uses
    var dropped: Set<Int> = []
    for (time, kernel) in program.kernels.enumerated() {
      for (source, target) in kernel.sharing {
        guard source.isSlot, target.isSlot else { continue }
        let (from, to) = (program.root(of: source), program.root(of: target))
        guard from != to, program.slots[from].byteCount == program.slots[to].byteCount,
          canShare(from, to, at: time, in: program, uses)
        else { continue }
        program.share(target, with: source)
        uses[from].reads = (uses[from].reads + uses[to].reads).ascending
        uses[from].writes = (uses[from].writes + uses[to].writes).ascending
        if kernel is Copy {
          dropped.insert(time)
          uses[from].reads.removeAll { $0 == time }
          uses[from].writes.removeAll { $0 == time }
        }
        break
      }
    }
    program.rewrite { time, kernel in dropped.contains(time) ? [] : [kernel] }
  }

  /// Whether a value that moves from one slot to another at `time` could stay where it is.
  private static func canShare(
    _ from: Int, _ to: Int, at time: Int, in program: Program, _ uses: [SlotUses]
  ) -> Bool {
    let (source, target) = (uses[from], uses[to])
    let isCopy = program.kernels[time] is Copy
    let end = program.kernels.count
    func lastRead(_ slot: Int) -> Int {
      program.slots[slot].isRead ? end : uses[slot].reads.last ?? -1
    }
    // The target begins with this value …
    guard program.slots[to].origin == .kernel, target.writes.first == time,
      target.reads.allSatisfy({ $0 > time })
    else { return false }
    // … and neither is written later while the other is still to be read. Who does not copy writes now.
    let sourceWrite = source.writes.first { $0 > time }
    let targetWrite = isCopy ? target.writes.first { $0 > time } : time
    if let write = targetWrite, lastRead(from) >= (isCopy ? write : write + 1) { return false }
    if let write = sourceWrite, targetWrite != nil || lastRead(to) >= write { return false }
    // A second sweep finds what the forward pass left: the first must not write there.
    let isFromForward =
      program.slots[from].origin == .beforeForward
      || (source.writes.first ?? end) < program.forwardCount
    let isWrittenBack = targetWrite.map { $0 >= program.forwardCount } ?? false
    return !(program.repeatsBackward && isFromForward && isWrittenBack)
  }
}

extension [Int] {
  fileprivate var ascending: [Int] {
    var result: [Int] = []
    for element in sorted() where result.last != element { result.append(element) }
    return result
  }
}

extension Kernel {
  /// Pairs of an operand that is read and one that is written which may be the same memory.
  fileprivate var sharing: [(source: Operand, target: Operand)] {
    if let copy = self as? Copy {
      return copy.accumulates ? [] : [(copy.source, copy.target)]
    }
    guard let kernel = self as? any ElementwiseKernel, let target = writes.first else { return [] }
    return kernel.overwritable.map { ($0, target) }
  }
}

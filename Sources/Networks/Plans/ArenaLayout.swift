import Kernels
import Tensors

/// Where each slot of a plan lies in one block of memory.
///
/// Two slots may share bytes when no kernel runs while both hold something. Larger slots are placed
/// first, each at the lowest offset that is free during its whole lifetime.
struct ArenaLayout {
  private(set) var offsets: [Int]
  private(set) var byteCount = 0

  init(_ program: Program) {
    let lifetimes = Self.lifetimes(in: program)
    offsets = [Int](repeating: 0, count: program.slots.count)
    var placed: [(lifetime: ClosedRange<Int>, start: Int, end: Int)] = []
    let order = program.slots.indices
      .filter { lifetimes[$0] != nil }
      .sorted { (-program.slots[$0].byteCount, $0) < (-program.slots[$1].byteCount, $1) }
    for index in order {
      guard let lifetime = lifetimes[index] else { continue }
      let size = Memory.aligned(max(program.slots[index].byteCount, 1))
      var start = 0
      for other in placed where other.lifetime.overlaps(lifetime) {
        if start + size <= other.start { break }
        start = max(start, other.end)
      }
      offsets[index] = start
      byteCount = max(byteCount, start + size)
      let position = placed.firstIndex { $0.start > start } ?? placed.endIndex
      placed.insert((lifetime, start, start + size), at: position)
    }
    for index in program.slots.indices {
      offsets[index] = offsets[program.root(of: Operand(.slot(index), shape: []))]
    }
  }

  /// First and last kernel during which each root slot must hold its value.
  private static func lifetimes(in program: Program) -> [ClosedRange<Int>?] {
    let end = program.kernels.count
    var first = [Int?](repeating: nil, count: program.slots.count)
    var last = first
    func touch(_ slot: Int, at time: Int) {
      first[slot] = min(first[slot] ?? time, time)
      last[slot] = max(last[slot] ?? time, time)
    }
    for (time, kernel) in program.kernels.enumerated() {
      for operand in kernel.reads + kernel.writes {
        guard case .slot = operand.place else { continue }
        let slot = program.root(of: operand)
        touch(slot, at: time)
        // A second sweep must find what the first one found.
        if program.repeatsBackward && time >= program.forwardCount
          && (first[slot] ?? time) < program.forwardCount
        {
          touch(slot, at: end)
        }
      }
    }
    for (index, slot) in program.slots.enumerated() where slot.root == index {
      switch slot.origin {
      case .kernel: break
      case .beforeForward: touch(index, at: 0)
      case .beforeBackward: touch(index, at: program.forwardCount)
      }
      if slot.isRead { touch(index, at: end) }
    }
    return zip(first, last).map { first, last in
      guard let first, let last else { return nil }
      return first...last
    }
  }
}

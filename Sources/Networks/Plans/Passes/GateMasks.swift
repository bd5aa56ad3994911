import Kernels

/// Keeps one bit for each element where the way back asks no more of a gate's value than whether it was
/// open.
enum GateMasks {
  static func apply(to program: inout Program) {
    let uses = program.uses
    var masks: [Int: (mask: Operand, gate: Gate)] = [:]
    var makers: [Int: [GateMask]] = [:]
    var replacements: [Int: any Kernel] = [:]
    for (time, kernel) in program.kernels.enumerated().dropFirst(program.forwardCount) {
      guard let pullback = kernel as? any GatePullbackKernel, let value = pullback.gateValue,
        value.isSlot
      else { continue }
      let root = program.root(of: value)
      if let known = masks[root] {
        if known.gate == pullback.gate { replacements[time] = pullback.masked(by: known.mask) }
        continue
      }
      // The value is kept anyway where others look at it.
      let readers = uses[root].reads.filter { $0 >= program.forwardCount }
      guard readers.allSatisfy({ program.kernels[$0].asks(for: root, as: pullback.gate, program) }),
        program.slots[root].origin == .kernel,
        let last = uses[root].writes.last, last < program.forwardCount
      else { continue }
      let mask = program.makeSlot(value.shape, element: .bit)
      masks[root] = (mask, pullback.gate)
      makers[last, default: []].append(GateMask(value: value, mask: mask, gate: pullback.gate))
      replacements[time] = pullback.masked(by: mask)
    }
    program.rewrite { time, kernel in [replacements[time] ?? kernel] + (makers[time] ?? []) }
  }
}

extension Kernel {
  /// Whether a slot is read as the value of this gate, and as nothing else.
  fileprivate func asks(for root: Int, as gate: Gate, _ program: Program) -> Bool {
    guard let pullback = self as? any GatePullbackKernel, pullback.gate == gate else {
      return false
    }
    return reads.count { $0.isSlot && program.root(of: $0) == root } == 1
      && pullback.gateValue.map { program.root(of: $0) } == root
  }
}

import Kernels

/// Lets the normalisation of a batch do what follows it in the same step, each way: the sum at the end of
/// a residual block, a gate, and a pool of windows side by side. Of the maps between them none is
/// written, nor kept for the way back.
enum FusedNormalizations {
  static func apply(to program: inout Program) {
    var pullbacks: [Operand: Int] = [:]
    for (time, kernel) in program.kernels.enumerated() {
      if let pullback = kernel as? BatchNormalizePullback {
        pullbacks[pullback.forward.mean] = time
      }
    }
    let uses = program.uses
    var taken: Set<Int> = []
    var replacements: [Int: any Kernel] = [:]
    for (time, kernel) in program.kernels[..<program.forwardCount].enumerated() {
      guard let kernel = kernel as? BatchNormalize else { continue }
      var chain = Chain(
        kernel, at: time, pulledBackAt: pullbacks[kernel.mean], in: program, uses, without: taken)
      chain.takeSumAndGate()
      chain.takeWindows()
      taken.formUnion(chain.taken)
      replacements.merge(chain.kernels) { $1 }
    }
    program.rewrite { time, kernel in
      replacements[time].map { [$0] } ?? (taken.contains(time) ? [] : [kernel])
    }
  }

  /// A normalisation, what it has taken over so far, and the kernels whose place it takes.
  private struct Chain {
    private let program: Program
    private let uses: [SlotUses]
    /// What others have taken.
    private let missing: Set<Int>
    private var forward: BatchNormalize
    private var pullback: BatchNormalizePullback?
    /// Where the kernels go.
    private var forwardTime: Int
    private var pullbackTime: Int?
    private(set) var taken: Set<Int>

    init(
      _ kernel: BatchNormalize, at time: Int, pulledBackAt back: Int?, in program: Program,
      _ uses: [SlotUses], without missing: Set<Int>
    ) {
      self.program = program
      self.uses = uses
      self.missing = missing
      forward = kernel
      pullback = back.flatMap { program.kernels[$0] as? BatchNormalizePullback }
      forwardTime = time
      pullbackTime = back
      taken = Set([time] + (back.map { [$0] } ?? []))
    }

    /// What takes the place of `taken`, by time.
    var kernels: [Int: any Kernel] {
      var kernels: [Int: any Kernel] = [forwardTime: forward]
      if var moved = pullback, let pullbackTime {
        moved.forward = forward
        kernels[pullbackTime] = moved
      }
      return kernels
    }

    // MARK: - What follows

    mutating func takeSumAndGate() {
      guard let next = onlyReader(of: forward.output) else { return }
      if let gate = program.kernels[next] as? any GateKernel, gate.input == forward.output {
        takeGate(gate, at: next, behind: nil)
      } else if let sum = program.kernels[next] as? Broadcast<Sum>,
        sum.first.shape == sum.second.shape, let last = onlyReader(of: sum.output),
        let gate = program.kernels[last] as? any GateKernel, gate.input == sum.output
      {
        let other = sum.first == forward.output ? sum.second : sum.first
        guard other.isSlot, root(other) != root(forward.output),
          uses[root(other)].writes.allSatisfy({ $0 < last })
        else { return }
        takeGate(gate, at: last, behind: (next, other))
      }
    }

    private mutating func takeGate(
      _ gate: any GateKernel, at time: Int, behind sum: (time: Int, addend: Operand)?
    ) {
      guard !missing.contains(time), sum.map({ !missing.contains($0.time) }) != false else {
        return
      }
      if let pullback {
        // The gate's pullback gives its cotangent to the normalisation, or to the sum, alone.
        let cotangent = pullback.outputCotangent
        guard onlyReader(of: cotangent) == pullbackTime else { return }
        var source = cotangent
        var copies: Set<Int> = []
        if sum != nil {
          guard !pullback.accumulates, let time = onlyWriter(of: cotangent),
            let copy = program.kernels[time] as? Copy, !copy.accumulates, copy.source.isSlot
          else { return }
          source = copy.source
          copies = [time]
        }
        guard let back = onlyWriter(of: source),
          let kernel = program.kernels[back] as? any GatePullbackKernel,
          kernel.gateValue.map({ $0.isSlot && root($0) == root(gate.output) }) == true,
          kernel.gate == gate.gate, !kernel.accumulates, kernel.masked(by: source).rule == .exact,
          kernel.inputCotangent == source, kernel.outputCotangent.isSlot
        else { return }
        self.pullback?.outputCotangent = kernel.outputCotangent
        taken.formUnion(copies)
        taken.insert(back)
        if sum != nil {
          // The addend's side may ask for its cotangent from here on.
          self.pullback?.addendCotangent = source
          pullbackTime = back
        }
      }
      if let sum {
        forward.addend = sum.addend
        taken.insert(sum.time)
      }
      forward.gate = gate.gate
      forward.output = gate.output
      forwardTime = time
      taken.insert(time)
    }

    mutating func takeWindows() {
      guard forward.addend == nil, let next = readers(of: forward.output).first,
        let pool = program.kernels[next] as? MaxPooling,
        pool.layout == .channelsFirst, pool.input == forward.output,
        let windows = BatchNormalize.Windows(
          pool.window, input: pool.input.shape, output: pool.output.shape),
        windows != .none
      else { return }
      if let pullback {
        let cotangent = pullback.outputCotangent
        // The gate's pullback, which is taken already, looked at the gate's value too.
        guard readers(of: forward.output).allSatisfy({ $0 == next || taken.contains($0) }),
          readers(of: cotangent).allSatisfy({ taken.contains($0) }),
          let back = onlyWriter(of: cotangent),
          let kernel = program.kernels[back] as? MaxPoolingPullback, !kernel.accumulates,
          root(kernel.winners) == root(pool.winners), kernel.inputCotangent == cotangent,
          readers(of: pool.winners) == [back], kernel.outputCotangent.isSlot
        else { return }
        self.pullback?.outputCotangent = kernel.outputCotangent
        taken.insert(back)
      } else {
        guard readers(of: forward.output) == [next], readers(of: pool.winners).isEmpty else {
          return
        }
      }
      guard !program.slot(of: forward.output).isRead else { return }
      forward.windows = windows
      forward.output = pool.output
      forwardTime = next
      taken.insert(next)
    }

    // MARK: - Asking

    private func root(_ operand: Operand) -> Int { program.root(of: operand) }

    private func readers(of operand: Operand) -> [Int] {
      operand.isSlot ? uses[root(operand)].reads : []
    }

    /// The only kernel that reads what one other has written.
    private func onlyReader(of operand: Operand) -> Int? {
      guard operand.isSlot, !program.slot(of: operand).isRead,
        uses[root(operand)].writes.count == 1, uses[root(operand)].reads.count == 1
      else { return nil }
      return uses[root(operand)].reads[0]
    }

    private func onlyWriter(of operand: Operand) -> Int? {
      guard operand.isSlot, program.slot(of: operand).origin == .kernel,
        !program.slot(of: operand).isRead, uses[root(operand)].writes.count == 1
      else { return nil }
      return uses[root(operand)].writes[0]
    }
  }
}

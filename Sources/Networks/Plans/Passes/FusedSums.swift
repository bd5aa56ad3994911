import Kernels

/// Lets a convolution add its result to the other term of a sum, where a kernel of its own would read
/// and write both once more: the end of every residual block.
enum FusedSums {
  static func apply(to program: inout Program) {
    let uses = program.uses
    var replacements: [Int: [any Kernel]] = [:]
    for (time, kernel) in program.kernels[..<program.forwardCount].enumerated() {
      guard let sum = kernel as? Broadcast<Sum>, sum.first.shape == sum.second.shape else {
        continue
      }
      let candidates = [(sum.first, sum.second), (sum.second, sum.first)]
        .compactMap { term, other in candidate(term, other, at: time, in: program, uses) }
      // The later one: the other term is there by then.
      guard let (source, convolution, other) = candidates.max(by: { $0.source < $1.source }),
        replacements[source] == nil
      else { continue }
      let isRead = program.slot(of: convolution.output).isRead
      replacements[source] =
        [
          Copy(from: other, to: sum.output),
          Convolution(
            input: convolution.input, weights: convolution.weights, bias: convolution.bias,
            output: sum.output, geometry: convolution.geometry, accumulates: true),
        ] + (isRead ? [convolution] : [])
      replacements[time] = []
    }
    program.rewrite { time, kernel in replacements[time] ?? [kernel] }
  }

  /// The convolution that gives a term, if it gives it to the sum alone and the other term is there
  /// before it.
  private static func candidate(
    _ term: Operand, _ other: Operand, at time: Int, in program: Program, _ uses: [SlotUses]
  ) -> (source: Int, convolution: Convolution, other: Operand)? {
    guard let source = uses.onlyWriter(of: term, in: program),
      let convolution = program.kernels[source] as? Convolution, !convolution.accumulates,
      convolution.gate == nil, uses[program.root(of: term)].reads == [time], other.isSlot,
      program.root(of: other) != program.root(of: term),
      uses[program.root(of: other)].writes.allSatisfy({ $0 < source })
    else { return nil }
    return (source, convolution, other)
  }
}

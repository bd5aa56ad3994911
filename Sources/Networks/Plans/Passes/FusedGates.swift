import Kernels

/// Lets convolutions pass their sums through the rectifier, or another gate, that follows.
enum FusedGates {
  static func apply(to program: inout Program) {
    let uses = program.uses
    var replacements: [Int: any Kernel] = [:]
    for (time, kernel) in program.kernels[..<program.forwardCount].enumerated() {
      guard let map = kernel as? any GateKernel, map.input.isSlot else { continue }
      let root = program.root(of: map.input)
      // A gate changes no bit whether it is fused or not, so that it does no harm to leave it where
      // somebody else looks at the sums.
      guard uses[root].reads.allSatisfy({ $0 == time || uses[root].writes.contains($0) }),
        !program.slots[root].isRead, let source = uses[root].writes.last, source < time,
        let convolution = program.kernels[source] as? Convolution, convolution.gate == nil
      else { continue }
      replacements[source] = Convolution(
        input: convolution.input, weights: convolution.weights, bias: convolution.bias,
        output: convolution.output, geometry: convolution.geometry,
        accumulates: convolution.accumulates, gate: map.gate)
      replacements[time] = Copy(from: map.input, to: map.output)
    }
    program.rewrite { time, kernel in [replacements[time] ?? kernel] }
  }
}

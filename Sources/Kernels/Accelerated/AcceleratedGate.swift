import CKernels

extension GateMask: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let it = self
    return VectorStep(in: memory) {
      tm_gate_mask(
        it.gate.low, it.gate.high, $0.read(it.value), $0.bits(it.mask), it.value.count)
    }
  }
}

extension MaskPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let it = self
    return VectorStep(in: memory) {
      tm_mask_pull(
        $0.bits(it.mask), it.rule == .guided, $0.read(it.outputCotangent),
        $0.write(it.inputCotangent), it.inputCotangent.count, it.accumulates)
    }
  }
}

extension Copy: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard accumulates else { return nil }
    let it = self
    return VectorStep(in: memory) {
      tm_add($0.read(it.source), $0.write(it.target), it.source.count)
    }
  }
}

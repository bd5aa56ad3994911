import CKernels
import Tensors

extension Moments: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard grouping.inner == 1, input.count > 0 else { return nil }
    let it = self
    var sample = tm_normalization(
      items: grouping.outer, rows: 1, columns: 1, channels: grouping.count)
    memory.reserveScratch(tm_normalization_scratch_bytes(&sample))
    return VectorStep(in: memory) { [sample] memory in
      var moments = sample
      moments.x = memory.read(it.input)
      moments.mean = memory.write(it.mean)
      moments.variance = memory.write(it.variance)
      moments.scratch = memory.scratch()
      tm_batch_moments(&moments)
    }
  }
}

extension BatchNormalize: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard var sample = shape, input.count > 0 else { return nil }
    memory.reserveScratch(tm_normalization_scratch_bytes(&sample))
    let it = self
    return VectorStep(in: memory) { [sample] memory in
      var bound = it.bound(sample, to: memory)
      tm_batch_normalize(&bound, it.addend.map(memory.read), memory.write(it.output))
    }
  }

  /// Sizes, without addresses. Nil unless channels are neighbours.
  fileprivate var shape: tm_normalization? {
    let (items, channels, plane) = input.shape.features(layout)
    guard layout == .channelsLast || plane == 1 else { return nil }
    let isMap = input.shape.rank == 4
    let maps = isMap ? layout.channelsFirst(input.shape) : [items, channels, plane, 1]
    var shape = tm_normalization(
      items: maps[0], rows: maps[2], columns: maps[3], channels: channels)
    (shape.pool_rows, shape.pool_columns) = (windows.rows, windows.columns)
    if let gate { (shape.clamps, shape.low, shape.high) = (true, gate.low, gate.high) }
    shape.epsilon = epsilon
    return shape
  }

  fileprivate func bound(_ shape: tm_normalization, to memory: Memory) -> tm_normalization {
    var bound = shape
    (bound.x, bound.gamma, bound.beta) = (
      memory.read(input), memory.read(gamma), memory.read(beta)
    )
    // Read only here.
    bound.mean = UnsafeMutablePointer(mutating: memory.read(mean))
    bound.variance = UnsafeMutablePointer(mutating: memory.read(variance))
    bound.scratch = memory.scratch()
    return bound
  }
}

extension BatchNormalizePullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard var sample = forward.shape, forward.input.count > 0 else { return nil }
    memory.reserveScratch(tm_normalization_scratch_bytes(&sample))
    let it = self
    return VectorStep(in: memory) { [sample] memory in
      var bound = it.forward.bound(sample, to: memory)
      var pull = tm_normalization_pull()
      pull.dy = memory.read(it.outputCotangent)
      if let passed = it.addendCotangent {
        pull.y = memory.read(it.forward.output)
        pull.addend_cotangent = memory.write(passed)
      }
      pull.dx = it.inputCotangent.map(memory.write)
      pull.accumulates = it.accumulates
      pull.gamma_cotangent = it.gammaCotangent.map(memory.write)
      pull.beta_cotangent = it.betaCotangent.map(memory.write)
      tm_batch_normalize_pull(&bound, &pull)
    }
  }
}

extension tm_normalization {
  /// Of maps, without windows.
  fileprivate init(items: Int, rows: Int, columns: Int, channels: Int) {
    self.init()
    (self.items, self.rows, self.columns, self.channels) = (items, rows, columns, channels)
    (pool_rows, pool_columns) = (1, 1)
  }
}

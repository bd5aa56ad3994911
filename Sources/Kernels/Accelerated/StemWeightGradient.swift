import CKernels
import Tensors

extension ConvolutionWeightGradient {
  /// The step for a network's first convolution, whose input has 1...4 channels. Nil for others.
  func stemStep(in memory: Memory) -> (any Step)? {
    guard layout == .channelsLast, geometry.groups == 1, input.count > 0,
      outputCotangent.count > 0,
      var shape = tm_pullback_shape(
        input: input.shape, output: outputCotangent.shape, window: geometry.window),
      tm_stem_weights_covers(&shape)
    else { return nil }
    memory.reserveScratch(tm_stem_weights_scratch_bytes(&shape))
    let it = self
    return VectorStep(in: memory) { [shape] memory in
      var gradient = tm_stem_weights(
        isa: tm_isa_chosen(), shape: shape, input: memory.read(it.input),
        cotangent: memory.read(it.outputCotangent),
        weights_cotangent: memory.write(it.weightsCotangent), accumulates: it.accumulates,
        scratch: memory.scratch())
      tm_stem_weights_run(&gradient)
    }
  }
}

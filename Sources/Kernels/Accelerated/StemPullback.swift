import CKernels
import Tensors

extension ConvolutionPullback {
  /// The step for a network's first convolution, whose input has 1...4 channels. Nil for others, and
  /// where maps are so wide that a few of their rows fill a cache.
  func stemStep(in memory: Memory, for instructions: tm_isa = tm_isa_chosen()) -> (any Step)? {
    let (input, output) = (inputCotangent.shape, outputCotangent.shape)
    guard layout == .channelsLast, geometry.groups == 1, input.count > 0, output.count > 0,
      var shape = tm_pullback_shape(input: input, output: output, window: geometry.window),
      tm_stem_covers(instructions, &shape),
      let form = memory.packed(
        weights, where: { $0.window == geometry.window },
        orMake: { [shape, geometry] in
          StemWeights($0, for: shape, window: geometry.window)
        })
    else { return nil }
    memory.reserveScratch(tm_stem_scratch_bytes(instructions, &shape))
    let (dy, dx, accumulates) = (outputCotangent, inputCotangent, accumulates)
    return VectorStep(in: memory) { [shape] memory in
      let packed = form.current
      var pullback = tm_stem(
        isa: instructions, shape: shape, dy: memory.read(dy), weights: packed.start,
        dx: memory.write(dx), accumulates: accumulates, scratch: memory.scratch())
      withExtendedLifetime(packed) { tm_stem_run(&pullback) }
    }
  }
}

/// The weights of a network's first convolution in the order in which its pullback reads them. No
/// instruction set wants them in another.
///
/// Sendable although it owns memory: nobody writes there after `init`.
private final class StemWeights: Packed, @unchecked Sendable {
  let window: Window
  let byteCount: Int
  let start: UnsafeMutablePointer<Float>

  /// Packs `[O, C, taps, taps]`.
  init(_ weights: Tensor, for shape: tm_pullback_shape, window: Window) {
    self.window = window
    byteCount = weights.count * MemoryLayout<Float>.stride
    start = .aligned(byteCount: byteCount)
    weights.withScalars { [start] scalars in
      guard let source = scalars.baseAddress else { return }
      withUnsafePointer(to: shape) { tm_stem_pack($0, source, start) }
    }
  }

  deinit { start.deallocate() }
}

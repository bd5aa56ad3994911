import CKernels
import Tensors

extension ConvolutionPullback {
  /// The step for a convolution that skips pixels or spreads its taps. Nil for others, and where a
  /// single line of the maps fills megabytes.
  func stridedStep(in memory: Memory, for instructions: tm_isa = tm_isa_chosen()) -> (any Step)? {
    let (input, output) = (inputCotangent.shape, outputCotangent.shape)
    let window = geometry.window
    let skips = [window.rows, window.columns].contains { $0.stride > 1 || $0.dilation > 1 }
    guard layout == .channelsLast, geometry.groups == 1, skips, input.count > 0, output.count > 0,
      // Phases beyond the taps are zeros that others write faster.
      window.rows.stride <= 8, window.columns.stride <= 8,
      var shape = tm_pullback_shape(input: input, output: output, window: window),
      tm_strided_scratch_bytes(&shape) <= 64 << 20,
      let form = memory.packed(
        weights, where: { $0.window == window && $0.instructions == instructions },
        orMake: { [shape] in
          PhaseWeights($0, for: shape, window: window, instructions: instructions)
        })
    else { return nil }
    memory.reserveScratch(tm_strided_scratch_bytes(&shape))
    let (dy, dx, accumulates) = (outputCotangent, inputCotangent, accumulates)
    return VectorStep(in: memory) { [shape] memory in
      let packed = form.current
      packed.starts.withUnsafeBufferPointer { starts in
        var pullback = tm_strided(
          isa: instructions, shape: shape, dy: memory.read(dy), weights: starts.baseAddress,
          dx: memory.write(dx), accumulates: accumulates, scratch: memory.scratch())
        withExtendedLifetime(packed) { tm_strided_run(&pullback) }
      }
    }
  }
}

/// The weights of a convolution, for each phase of its pullback those that the phase sees.
///
/// Sendable although it has pointers: they point into `phases`, where nobody writes.
private final class PhaseWeights: Packed, @unchecked Sendable {
  let window: Window
  let instructions: tm_isa
  /// Where each phase's weights are; nil for a phase without taps.
  let starts: [UnsafePointer<Float>?]
  private let phases: [PanelWeights?]

  var byteCount: Int { phases.reduce(0) { $0 + ($1?.byteCount ?? 0) } }

  /// Packs `[O, C, taps, taps]`.
  init(_ weights: Tensor, for shape: tm_pullback_shape, window: Window, instructions: tm_isa) {
    self.window = window
    self.instructions = instructions
    phases = withUnsafePointer(to: shape) { shape in
      (0..<tm_strided_phases(shape)).map { phase in
        let count = Int(tm_strided_taps(shape, phase, nil))
        guard count > 0 else { return nil }
        var taps = [Int32](repeating: 0, count: count)
        _ = tm_strided_taps(shape, phase, &taps)
        return PanelWeights(
          weights.matrix(
            ofOutputs: 0..<weights.shape[0], taps: taps.map(Int.init), isTurned: true),
          rowStep: weights.shape[1], columnStep: 1,
          depth: count * weights.shape[0], columns: weights.shape[1], for: instructions)
      }
    }
    starts = phases.map { $0?.start }
  }
}

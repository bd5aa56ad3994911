import CKernels
import Tensors

/// The weights of a convolution by 3x3 taps with stride 1, transformed and packed once for an
/// instruction set, so that tiles of 4x4 outputs take a quarter of the multiplications.
///
/// Maps lie with channels last. An item's bits depend neither on the batch nor on the threads. Results
/// differ from those of the plain sum by less than twice its rounding error. The transformed weights
/// take four times the memory of the plain ones.
///
/// Sendable although it owns memory: nobody writes there after `init`.
final class WinogradWeights: Packed, @unchecked Sendable {
  let inputs: Int
  let outputs: Int
  let isTurned: Bool
  let byteCount: Int
  private let packed: UnsafeMutablePointer<Float>
  private let instructions: tm_isa

  /// - Parameters:
  ///   - weights: `[outputs, inputs, 3, 3]`, or turned `[inputs, outputs, 3, 3]`.
  ///   - isTurned: turns each window by 180 degrees: the weights of a convolution with padding p then
  ///     make its pullback, a convolution with padding 2 − p.
  init(
    _ weights: Tensor, inputs: Int, outputs: Int, isTurned: Bool = false,
    for instructions: tm_isa = tm_isa_chosen()
  ) {
    precondition(
      inputs >= 1 && outputs >= 1 && weights.count == inputs * outputs * 9,
      "\(weights.shape) are not 3x3 taps from \(inputs) to \(outputs) channels")
    self.inputs = inputs
    self.outputs = outputs
    self.instructions = instructions
    self.isTurned = isTurned
    byteCount = tm_winograd_packed_bytes(instructions, Int32(inputs), Int32(outputs))
    packed = .aligned(byteCount: byteCount)
    weights.withScalars { scalars in
      guard let start = scalars.baseAddress else { return }
      tm_winograd_pack(instructions, start, Int32(inputs), Int32(outputs), isTurned, packed)
    }
  }

  /// Whether they are packed for what kernels use now.
  var isCurrent: Bool { instructions == tm_isa_chosen() }

  deinit { packed.deallocate() }

  /// Maps that the weights are applied to.
  struct Maps {
    var batch: Int
    var height: Int
    var width: Int
    /// Padding in front of the first row and column.
    var before: (rows: Int, columns: Int)
    var outputHeight: Int
    var outputWidth: Int
  }

  /// Bytes that `run` needs as scratch memory: a few megabytes at most, for any number of threads.
  func scratchByteCount(for maps: Maps) -> Int {
    var shape = shape(of: maps)
    return tm_winograd_scratch_bytes(&shape)
  }

  /// Computes the convolution on the threads of the caller.
  ///
  /// - Parameters:
  ///   - input: `[batch, height, width, inputs]`
  ///   - output: `[batch, outputHeight, outputWidth, outputs]`
  ///   - bias: `[outputs]`
  ///   - accumulates: adds to what `output` holds.
  ///   - bounds: what is stored is kept within; NaN stays NaN.
  ///   - scratch: `scratchByteCount` bytes with the alignment of `Memory`.
  func run(
    _ maps: Maps, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    bias: UnsafePointer<Float>? = nil, accumulates: Bool = false,
    bounds: ClosedRange<Float> = -Float.infinity...Float.infinity,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var convolution = tm_winograd(
      isa: instructions, shape: shape(of: maps), input: input, weights: packed, output: output,
      bias: bias, accumulates: accumulates, low: bounds.lowerBound, high: bounds.upperBound,
      scratch: scratch)
    tm_winograd_run(&convolution)
  }

  private func shape(of maps: Maps) -> tm_winograd_shape {
    tm_winograd_shape(
      batch: Int32(maps.batch), height: Int32(maps.height), width: Int32(maps.width),
      inputs: Int32(inputs), outputs: Int32(outputs), before_row: Int32(maps.before.rows),
      before_column: Int32(maps.before.columns), output_height: Int32(maps.outputHeight),
      output_width: Int32(maps.outputWidth))
  }
}

import CKernels
import Tensors

extension ConvolutionWeightGradient {
  /// The step in tiles. Nil where tiles cannot compute the convolution, or would take longer.
  func winogradStep(in memory: Memory) -> (any Step)? {
    let (maps, cotangents) = (input.shape, outputCotangent.shape)
    guard layout == .channelsLast, input.count > 0, outputCotangent.count > 0,
      Winograd.pays(
        inputs: maps[3], outputs: cotangents[3], outputHeight: cotangents[1],
        outputWidth: cotangents[2], items: maps[0])
    else { return nil }
    return tiledStep(in: memory)
  }

  /// The step in tiles, for maps with channels last. Nil where tiles cannot compute the convolution.
  func tiledStep(in memory: Memory) -> (any Step)? {
    guard Winograd.covers(geometry) else { return nil }
    let (maps, cotangents) = (input.shape, outputCotangent.shape)
    var shape = tm_winograd_shape(
      batch: Int32(maps[0]), height: Int32(maps[1]), width: Int32(maps[2]),
      inputs: Int32(maps[3]), outputs: Int32(cotangents[3]),
      before_row: Int32(geometry.window.rows.before),
      before_column: Int32(geometry.window.columns.before),
      output_height: Int32(cotangents[1]), output_width: Int32(cotangents[2]))
    memory.reserveScratch(tm_winograd_weights_scratch_bytes(&shape))
    let it = self
    return VectorStep(in: memory) { [shape] memory in
      var gradient = tm_winograd_weights(
        isa: tm_isa_chosen(), shape: shape, input: memory.read(it.input),
        cotangent: memory.read(it.outputCotangent),
        weights_cotangent: memory.write(it.weightsCotangent), accumulates: it.accumulates,
        scratch: memory.scratch())
      tm_winograd_weights_run(&gradient)
    }
  }
}

import Tensors

/// A convolution, or a pullback, computed in tiles.
struct WinogradStep: Step {
  private let weights: PackedForm<WinogradWeights>
  private let maps: WinogradWeights.Maps
  private let source: Operand
  private let bias: Operand?
  private let target: Operand
  private let accumulates: Bool
  private let gate: Gate
  private let memory: Memory

  /// Nil where tiles cannot compute this, or would take longer.
  init?(_ kernel: Convolution, in memory: Memory) {
    self.init(
      from: kernel.input, kernel.weights, isTurned: false, bias: kernel.bias, to: kernel.output,
      geometry: kernel.geometry, accumulates: kernel.accumulates, gate: kernel.gate,
      layout: kernel.layout, in: memory)
  }

  /// Nil where tiles cannot compute this, or would take longer.
  init?(_ kernel: ConvolutionPullback, in memory: Memory) {
    guard let turned = kernel.geometry.turned else { return nil }
    self.init(
      from: kernel.outputCotangent, kernel.weights, isTurned: true, bias: nil,
      to: kernel.inputCotangent, geometry: turned, accumulates: kernel.accumulates, gate: nil,
      layout: kernel.layout, in: memory)
  }

  private init?(
    from source: Operand, _ weights: Operand, isTurned: Bool, bias: Operand?, to target: Operand,
    geometry: ConvolutionGeometry, accumulates: Bool, gate: Gate?, layout: FeatureLayout,
    in memory: Memory
  ) {
    let (input, output) = (source.shape, target.shape)
    guard layout == .channelsLast, Winograd.covers(geometry), input.count > 0, output.count > 0,
      Winograd.pays(
        inputs: input[3], outputs: output[3], outputHeight: output[1], outputWidth: output[2],
        // What is trained is trained with batches of one size.
        items: memory.parameter(weights) == nil ? input[0] : 1),
      let packed = memory.packed(
        weights,
        where: { (packed: WinogradWeights) in
          packed.isTurned == isTurned && packed.isCurrent
        },
        orMake: {
          WinogradWeights($0, inputs: input[3], outputs: output[3], isTurned: isTurned)
        })
    else { return nil }
    self.weights = packed
    maps = WinogradWeights.Maps(
      batch: input[0], height: input[1], width: input[2],
      before: (geometry.window.rows.before, geometry.window.columns.before),
      outputHeight: output[1], outputWidth: output[2])
    (self.source, self.bias, self.target) = (source, bias, target)
    self.accumulates = accumulates
    self.gate = gate ?? Gate(low: -.infinity, high: .infinity)
    self.memory = memory
    memory.reserveScratch(packed.first.scratchByteCount(for: maps))
  }

  func run() {
    weights.current.run(
      maps, memory.read(source), into: memory.write(target), bias: bias.map(memory.read),
      accumulates: accumulates, bounds: gate.low...gate.high, scratch: memory.scratch())
  }
}

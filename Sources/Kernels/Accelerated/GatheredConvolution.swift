import CKernels
import Tensors

// Convolutions, and pullbacks of those with stride 1, that the library has no fast kernel for: few
// channels in a group, or wide padding.

extension Convolution {
  /// The step by products of what each output sees. Nil for depthwise convolutions, which make no
  /// matrix.
  func gatheredStep(in memory: Memory, for instructions: tm_isa = tm_isa_chosen()) -> (any Step)? {
    guard layout == .channelsLast else { return nil }
    return GatheredStep(
      from: input, weights, isPullback: false, bias: bias, to: output, geometry: geometry,
      accumulates: accumulates, gate: gate, for: instructions, in: memory)
  }
}

extension ConvolutionPullback {
  /// The step by products of what each element of the input was seen by. Nil where the convolution has
  /// a stride, and for depthwise ones.
  func gatheredStep(in memory: Memory, for instructions: tm_isa = tm_isa_chosen()) -> (any Step)? {
    guard layout == .channelsLast, geometry.window.rows.stride == 1,
      geometry.window.columns.stride == 1
    else { return nil }
    return GatheredStep(
      from: outputCotangent, weights, isPullback: true, bias: nil, to: inputCotangent,
      geometry: geometry, accumulates: accumulates, gate: nil, for: instructions, in: memory)
  }
}

/// A convolution or pullback by gathering, bound to operands.
private struct GatheredStep: Step {
  private let memory: Memory
  private let source: Operand
  private let target: Operand
  private let bias: Operand?
  private let weights: PackedForm<GatheredWeights>
  private let window: Window
  private let isPullback: Bool
  private let accumulates: Bool
  private let gate: Gate?

  init?(
    from source: Operand, _ values: Operand, isPullback: Bool, bias: Operand?, to target: Operand,
    geometry: ConvolutionGeometry, accumulates: Bool, gate: Gate?, for instructions: tm_isa,
    in memory: Memory
  ) {
    let groups = geometry.groups
    let isDepthwise = groups > 1 && source.shape[3] == groups && target.shape[3] == groups
    guard source.count > 0, target.count > 0, !isDepthwise else { return nil }
    let form = memory.packed(
      values,
      where: {
        $0.isPullback == isPullback && $0.groups.count == groups
          && $0.instructions == instructions
      },
      orMake: {
        GatheredWeights($0, isPullback: isPullback, groups: groups, for: instructions)
      })
    guard let form else { return nil }
    weights = form
    (self.memory, self.source, self.target, self.bias) = (memory, source, target, bias)
    (self.window, self.isPullback) = (geometry.window, isPullback)
    (self.accumulates, self.gate) = (accumulates, gate)
    withConvolution(form.first) { memory.reserveScratch(tm_gathered_scratch_bytes(&$0)) }
  }

  func run() {
    let (x, y, b) = (memory.read(source), memory.write(target), bias.map(memory.read))
    let weights = weights.current
    withConvolution(weights) { convolution in
      convolution.scratch = memory.scratch()
      for (group, matrix) in weights.groups.enumerated() {
        convolution.weights = matrix.start
        convolution.input = x + group * Int(convolution.inputs)
        convolution.output = y + group * Int(convolution.outputs)
        convolution.bias = b.map { $0 + group * Int(convolution.outputs) }
        tm_gathered_run(&convolution)
      }
    }
  }

  /// Calls `body` with all but the addresses.
  private func withConvolution(
    _ weights: GatheredWeights, _ body: (inout tm_gathered) -> Void
  ) {
    let (from, to) = (source.shape, target.shape)
    offsets(window.rows).withUnsafeBufferPointer { rows in
      offsets(window.columns).withUnsafeBufferPointer { columns in
        var convolution = tm_gathered()
        convolution.isa = weights.instructions
        (convolution.batch, convolution.height) = (Int32(from[0]), Int32(from[1]))
        (convolution.width, convolution.inputs) = (
          Int32(from[2]), Int32(from[3] / weights.groups.count)
        )
        convolution.outputs = Int32(to[3] / weights.groups.count)
        (convolution.input_step, convolution.output_step) = (from[3], to[3])
        convolution.rows = tm_gathered_axis(
          count: Int32(to[1]), stride: Int32(window.rows.stride), taps: Int32(rows.count),
          offsets: rows.baseAddress)
        convolution.columns = tm_gathered_axis(
          count: Int32(to[2]), stride: Int32(window.columns.stride), taps: Int32(columns.count),
          offsets: columns.baseAddress)
        convolution.accumulates = accumulates
        convolution.low = gate?.low ?? -.infinity
        convolution.high = gate?.high ?? .infinity
        body(&convolution)
      }
    }
  }

  /// What a tap sees from the first output, or which output saw the first element by it.
  private func offsets(_ axis: Window.Axis) -> [Int32] {
    (0..<axis.taps).map { tap in
      let offset = tap * axis.dilation - axis.before
      return Int32(isPullback ? -offset : offset)
    }
  }
}

/// The weights of each group as a matrix: taps and what they see down, what is made across.
private final class GatheredWeights: Packed {
  let isPullback: Bool
  let instructions: tm_isa
  let groups: [PanelWeights]

  var byteCount: Int { groups.reduce(0) { $0 + $1.byteCount } }

  /// Packs `[O, C / groups, taps, taps]`.
  init(_ weights: Tensor, isPullback: Bool, groups: Int, for instructions: tm_isa) {
    self.isPullback = isPullback
    self.instructions = instructions
    let (outputs, inputs) = (weights.shape[0] / groups, weights.shape[1])
    let taps = weights.shape[2] * weights.shape[3]
    self.groups = (0..<groups).map { group in
      let matrix = weights.matrix(
        ofOutputs: group * outputs..<(group + 1) * outputs, taps: 0..<taps, isTurned: isPullback)
      return PanelWeights(
        matrix, rowStep: isPullback ? inputs : outputs, columnStep: 1,
        depth: taps * (isPullback ? outputs : inputs), columns: isPullback ? inputs : outputs,
        for: instructions)
    }
  }
}

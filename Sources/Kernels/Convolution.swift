import Tensors

/// Where the taps of a convolution lie, and between which channels.
public struct ConvolutionGeometry: Sendable, Hashable {
  public let window: Window
  /// Channels are split into this many groups that do not see one another; it divides both counts.
  public let groups: Int

  public init(window: Window, groups: Int = 1) {
    self.window = window
    self.groups = groups
  }
}

/// y = gate(w ∗ x + bias): the cross-correlation that networks call convolution.
public struct Convolution: Kernel {
  /// `[N, C, H, W]`, or with channels last.
  public let input: Operand
  /// `[O, C / groups, taps, taps]`
  public let weights: Operand
  /// `[O]`
  public let bias: Operand?
  /// `[N, O, H', W']`, or with channels last.
  public let output: Operand
  public let geometry: ConvolutionGeometry
  /// Adds to the output instead of replacing it.
  public let accumulates: Bool
  /// What the sum passes at the end.
  public let gate: Gate?
  public let layout: FeatureLayout

  public init(
    input: Operand, weights: Operand, bias: Operand?, output: Operand,
    geometry: ConvolutionGeometry, accumulates: Bool = false, gate: Gate? = nil,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
    self.geometry = geometry
    self.accumulates = accumulates
    self.gate = gate
    self.layout = layout
  }

  public var reads: [Operand] {
    [input, weights] + (bias.map { [$0] } ?? []) + (accumulates ? [output] : [])
  }
  public var writes: [Operand] { [output] }
  public var workspaceByteCount: Int { sizes.workspaceByteCount }

  private var sizes: ConvolutionSizes {
    ConvolutionSizes(
      input: layout.channelsFirst(input.shape), output: layout.channelsFirst(output.shape),
      geometry: geometry)
  }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    Planes.withChannelsFirst(
      from: x, input.shape, to: y, output.shape, in: layout, keeping: accumulates
    ) { run(from: $0, to: $1, in: memory) }
  }

  private func run(
    from x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, in memory: Memory
  ) {
    let (sizes, w) = (sizes, memory.read(weights))
    for item in 0..<sizes.batch {
      for group in 0..<geometry.groups {
        let source = x + (item * geometry.groups + group) * sizes.groupInputCount
        let target = y + (item * geometry.groups + group) * sizes.groupOutputCount
        let kernel = w + group * sizes.groupOutputs * sizes.depth
        if sizes.isDepthwise {
          if !accumulates { target.update(repeating: 0, count: sizes.groupOutputCount) }
          sizes.forEachTapRow(in: sizes.whole) { tap, from, to, count in
            Rows.add(
              source + from, step: sizes.window.columns.stride, scaledBy: kernel[tap],
              to: target + to, step: 1, count: count)
          }
        } else {
          let scratch = memory.scratch()
          sizes.forEachBand { band in
            Matrices.multiply(
              MatrixView(start: kernel, rowStride: sizes.depth, columnStride: 1),
              sizes.columns(of: source, in: band, buffer: scratch + sizes.panelCount),
              rows: sizes.groupOutputs, columns: band.count, depth: sizes.depth,
              into: target + band.start, targetStride: sizes.positions, accumulates: accumulates,
              scratch: scratch)
          }
        }
      }
    }
    guard bias != nil || gate != nil else { return }
    let b = bias.map(memory.read)
    for plane in 0..<sizes.batch * sizes.outputs {
      let target = y + plane * sizes.positions
      let shift = b?[plane % sizes.outputs] ?? 0
      if let gate {
        for position in 0..<sizes.positions { target[position] = gate(target[position] + shift) }
      } else {
        for position in 0..<sizes.positions { target[position] += shift }
      }
    }
  }
}

extension Convolution: FeatureMapKernel {
  public var prefersChannelsLast: Bool { true }

  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let input = place(input), let output = place(output) else { return nil }
    return Convolution(
      input: input, weights: weights, bias: bias, output: output, geometry: geometry,
      accumulates: accumulates, gate: gate, layout: .channelsLast)
  }
}

/// dx = wᵀ ∗ dy: what the cotangent of a convolution's output makes of its input's.
public struct ConvolutionPullback: Kernel {
  /// `[N, O, H', W']`, or with channels last.
  public let outputCotangent: Operand
  /// `[O, C / groups, taps, taps]`
  public let weights: Operand
  /// `[N, C, H, W]`, or with channels last.
  public let inputCotangent: Operand
  public let geometry: ConvolutionGeometry
  public let accumulates: Bool
  /// Whether most channels of the output's cotangent are expected to be zero, as they are behind the
  /// score of one class. This decides on speed alone.
  public let expectsZeros: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, weights: Operand, inputCotangent: Operand,
    geometry: ConvolutionGeometry, accumulates: Bool, expectsZeros: Bool = false,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.weights = weights
    self.inputCotangent = inputCotangent
    self.geometry = geometry
    self.accumulates = accumulates
    self.expectsZeros = expectsZeros
    self.layout = layout
  }

  public var reads: [Operand] {
    [outputCotangent, weights] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }
  public var workspaceByteCount: Int { sizes.workspaceByteCount }

  private var sizes: ConvolutionSizes {
    ConvolutionSizes(
      input: layout.channelsFirst(inputCotangent.shape),
      output: layout.channelsFirst(outputCotangent.shape), geometry: geometry)
  }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    Planes.withChannelsFirst(
      from: dy, outputCotangent.shape, to: dx, inputCotangent.shape, in: layout,
      keeping: accumulates
    ) { run(from: $0, to: $1, in: memory) }
  }

  private func run(
    from dy: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>, in memory: Memory
  ) {
    let (sizes, w) = (sizes, memory.read(weights))
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    for item in 0..<sizes.batch {
      for group in 0..<geometry.groups {
        let source = dy + (item * geometry.groups + group) * sizes.groupOutputCount
        let target = dx + (item * geometry.groups + group) * sizes.groupInputCount
        let kernel = w + group * sizes.groupOutputs * sizes.depth
        if sizes.isDepthwise {
          sizes.forEachTapRow(in: sizes.whole) { tap, from, to, count in
            Rows.add(
              source + to, step: 1, scaledBy: kernel[tap], to: target + from,
              step: sizes.window.columns.stride, count: count)
          }
        } else {
          let scratch = memory.scratch()
          let isPointwise = sizes.isPointwise
          let columns = isPointwise ? target : scratch + sizes.panelCount
          sizes.forEachBand { band in
            Matrices.multiply(
              MatrixView(start: kernel, rowStride: 1, columnStride: sizes.depth),
              MatrixView(
                start: source + band.start, rowStride: sizes.positions, columnStride: 1),
              rows: sizes.depth, columns: band.count, depth: sizes.groupOutputs,
              into: columns, targetStride: band.count, accumulates: isPointwise,
              scratch: scratch)
            if !isPointwise { sizes.addColumns(columns, of: band, to: target) }
          }
        }
      }
    }
  }
}

extension ConvolutionPullback: FeatureMapKernel {
  public var prefersChannelsLast: Bool { true }

  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let dy = place(outputCotangent), let dx = place(inputCotangent) else { return nil }
    return ConvolutionPullback(
      outputCotangent: dy, weights: weights, inputCotangent: dx, geometry: geometry,
      accumulates: accumulates, expectsZeros: expectsZeros, layout: .channelsLast)
  }
}

/// The numbers that the portable convolution works with, and its walk over taps.
struct ConvolutionSizes {
  let window: Window
  let batch: Int
  let outputs: Int
  let groupInputs: Int
  let groupOutputs: Int
  let inputHeight: Int
  let inputWidth: Int
  let outputHeight: Int
  let outputWidth: Int

  init(input: Shape, output: Shape, geometry: ConvolutionGeometry) {
    window = geometry.window
    batch = input[0]
    outputs = output[1]
    groupInputs = input[1] / geometry.groups
    groupOutputs = output[1] / geometry.groups
    (inputHeight, inputWidth) = (input[2], input[3])
    (outputHeight, outputWidth) = (output[2], output[3])
  }

  /// Length of the sum behind one output.
  var depth: Int { groupInputs * window.taps }
  var positions: Int { outputHeight * outputWidth }
  var groupInputCount: Int { groupInputs * inputHeight * inputWidth }
  var groupOutputCount: Int { groupOutputs * positions }
  var isDepthwise: Bool { groupInputs == 1 && groupOutputs == 1 }

  /// Whether this is a matrix product: each position sees itself, and none is left over.
  var isPointwise: Bool {
    window.isPointwise && inputHeight == outputHeight && inputWidth == outputWidth
  }

  /// The packed panel comes first, so that it keeps the workspace's alignment.
  var panelCount: Int { Matrices.scratchCount(depth: max(depth, groupOutputs)) }

  /// Elements of the columns of one band.
  var columnCount: Int { isPointwise ? 0 : depth * bandHeight * outputWidth }

  var workspaceByteCount: Int {
    isDepthwise ? 0 : (panelCount + columnCount) * MemoryLayout<Float>.stride
  }

  /// Rows of the output that are computed together.
  struct Band {
    let rows: Range<Int>
    /// Its first position, and how many it has.
    let start: Int
    let count: Int
  }

  var whole: Band { band(of: 0..<outputHeight) }

  private func band(of rows: Range<Int>) -> Band {
    Band(rows: rows, start: rows.lowerBound * outputWidth, count: rows.count * outputWidth)
  }

  /// As many rows as have their columns in a cache, so that memory does not grow with the picture.
  private var bandHeight: Int {
    if isPointwise { return outputHeight }
    return max(1, min(outputHeight, (1 << 20) / max(depth * outputWidth, 1)))
  }

  @inline(__always)
  func forEachBand(_ body: (Band) -> Void) {
    for first in stride(from: 0, to: outputHeight, by: max(bandHeight, 1)) {
      body(band(of: first..<min(first + bandHeight, outputHeight)))
    }
  }

  /// Calls `body` with each run of positions of a band that a tap of one channel sees inside the
  /// picture: tap number, first input position, first output position in the band, and how many
  /// outputs.
  @inline(__always)
  func forEachTapRow(
    in band: Band, _ body: (_ tap: Int, _ from: Int, _ to: Int, _ count: Int) -> Void
  ) {
    for rowTap in 0..<window.rows.taps {
      let rows = window.rows.outputs(seeing: rowTap, extent: inputHeight, of: outputHeight)
        .clamped(to: band.rows)
      for columnTap in 0..<window.columns.taps {
        let columns = window.columns.outputs(seeing: columnTap, extent: inputWidth, of: outputWidth)
        if columns.isEmpty { continue }
        let column =
          columns.lowerBound * window.columns.stride + columnTap * window.columns.dilation
          - window.columns.before
        for y in rows {
          let row = y * window.rows.stride + rowTap * window.rows.dilation - window.rows.before
          body(
            rowTap * window.columns.taps + columnTap, row * inputWidth + column,
            y * outputWidth - band.start + columns.lowerBound, columns.count)
        }
      }
    }
  }

  /// The input laid out as `[depth, band.count]`: under each output position what its taps see.
  func columns(
    of source: UnsafePointer<Float>, in band: Band, buffer: UnsafeMutablePointer<Float>
  ) -> MatrixView {
    if isPointwise {
      return MatrixView(start: source + band.start, rowStride: positions, columnStride: 1)
    }
    buffer.update(repeating: 0, count: depth * band.count)
    for channel in 0..<groupInputs {
      let plane = source + channel * inputHeight * inputWidth
      let rows = buffer + channel * window.taps * band.count
      forEachTapRow(in: band) { tap, from, to, count in
        Rows.copy(
          plane + from, step: window.columns.stride, to: rows + tap * band.count + to,
          count: count)
      }
    }
    return MatrixView(start: buffer, rowStride: band.count, columnStride: 1)
  }

  /// The way back: adds each column's values to the input positions that they came from.
  func addColumns(
    _ columns: UnsafePointer<Float>, of band: Band, to target: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<groupInputs {
      let plane = target + channel * inputHeight * inputWidth
      let rows = columns + channel * window.taps * band.count
      forEachTapRow(in: band) { tap, from, to, count in
        Rows.add(
          rows + tap * band.count + to, step: 1, scaledBy: 1, to: plane + from,
          step: window.columns.stride, count: count)
      }
    }
  }
}

/// Loops over rows of elements that lie some step apart. Neighbours have a loop of their own, which
/// the compiler turns into vectors.
enum Rows {
  @inline(__always)
  static func copy(
    _ source: UnsafePointer<Float>, step: Int, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    if step == 1 {
      target.update(from: source, count: count)
    } else {
      for i in 0..<count { target[i] = source[i &* step] }
    }
  }

  @inline(__always)
  static func add(
    _ source: UnsafePointer<Float>, step: Int, scaledBy factor: Float,
    to target: UnsafeMutablePointer<Float>, step targetStep: Int, count: Int
  ) {
    if step == 1 && targetStep == 1 {
      for i in 0..<count { target[i] += factor * source[i] }
    } else {
      for i in 0..<count { target[i &* targetStep] += factor * source[i &* step] }
    }
  }

  @inline(__always)
  static func dot(
    _ a: UnsafePointer<Float>, step: Int, _ b: UnsafePointer<Float>, count: Int
  ) -> Float {
    if step == 1 { return Matrices.dot(a, b, count: count) }
    var sum: Float = 0
    for i in 0..<count { sum += a[i &* step] * b[i] }
    return sum
  }
}

import Tensors

/// dw = dy ∗ x: the gradient of a convolution's weights. Items are added up one after the other.
public struct ConvolutionWeightGradient: Kernel {
  /// `[N, C, H, W]`, or as `layout` says.
  public let input: Operand
  /// `[N, O, H', W']`
  public let outputCotangent: Operand
  /// `[O, C / groups, taps, taps]`
  public let weightsCotangent: Operand
  public let geometry: ConvolutionGeometry
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    input: Operand, outputCotangent: Operand, weightsCotangent: Operand,
    geometry: ConvolutionGeometry, accumulates: Bool = false,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.outputCotangent = outputCotangent
    self.weightsCotangent = weightsCotangent
    self.geometry = geometry
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] {
    [input, outputCotangent] + (accumulates ? [weightsCotangent] : [])
  }
  public var writes: [Operand] { [weightsCotangent] }

  public var workspaceByteCount: Int {
    let sizes = plan
    if sizes.isDepthwise { return 0 }
    return (panelCount(sizes) + sizes.columnCount) * MemoryLayout<Float>.stride
  }

  /// Positions that are multiplied at a time, so that what they need stays in the nearest cache.
  private static let runLength = 512

  private func panelCount(_ sizes: ConvolutionSizes) -> Int {
    Matrices.scratchCount(depth: min(sizes.positions, Self.runLength))
  }

  private var plan: ConvolutionSizes {
    ConvolutionSizes(
      input: layout.channelsFirst(input.shape),
      output: layout.channelsFirst(outputCotangent.shape), geometry: geometry)
  }

  public func run(in memory: Memory) {
    let (x, dy) = (memory.read(input), memory.read(outputCotangent))
    Planes.withChannelsFirst(x, input.shape, in: layout) { x in
      Planes.withChannelsFirst(dy, outputCotangent.shape, in: layout) { dy in
        run(x, dy, in: memory)
      }
    }
  }

  /// Both with channels first.
  private func run(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, in memory: Memory
  ) {
    let sizes = plan
    let dw = memory.write(weightsCotangent)
    if !accumulates { dw.update(repeating: 0, count: weightsCotangent.count) }
    for item in 0..<sizes.batch {
      for group in 0..<geometry.groups {
        let source = x + (item * geometry.groups + group) * sizes.groupInputCount
        let cotangent = dy + (item * geometry.groups + group) * sizes.groupOutputCount
        let target = dw + group * sizes.groupOutputs * sizes.depth
        if sizes.isDepthwise {
          sizes.forEachTapRow(in: sizes.whole) { tap, from, to, count in
            target[tap] += Rows.dot(
              source + from, step: sizes.window.columns.stride, cotangent + to, count: count)
          }
        } else {
          let scratch = memory.scratch()
          sizes.forEachBand { band in
            let columns = sizes.columns(
              of: source, in: band, buffer: scratch + panelCount(sizes))
            for start in stride(from: 0, to: band.count, by: Self.runLength) {
              Matrices.multiply(
                MatrixView(
                  start: cotangent + band.start + start, rowStride: sizes.positions,
                  columnStride: 1),
                MatrixView(
                  start: columns.start + start, rowStride: 1, columnStride: columns.rowStride),
                rows: sizes.groupOutputs, columns: sizes.depth,
                depth: min(Self.runLength, band.count - start), into: target,
                targetStride: sizes.depth, accumulates: true, scratch: scratch)
            }
          }
        }
      }
    }
  }
}

extension ConvolutionWeightGradient: FeatureMapKernel {
  public var prefersChannelsLast: Bool { true }

  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let dy = place(outputCotangent)
    else { return nil }
    return ConvolutionWeightGradient(
      input: input, outputCotangent: dy, weightsCotangent: weightsCotangent, geometry: geometry,
      accumulates: accumulates, layout: .channelsLast)
  }
}

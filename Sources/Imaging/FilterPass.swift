/// The arithmetic of one direction of a separable filter.
protocol FilterPass {
  associatedtype Input: Sample
  associatedtype Output: Sample
  associatedtype Number: BitwiseCopyable

  static var start: Number { get }
  static func weight(_ value: Double) -> Number
  static func adding(_ value: Input, times weight: Number, to sum: Number) -> Number
  static func result(_ sum: Number) -> Output
}

/// Bytes by integer weights of 22 fractional bits: Pillow's arithmetic, bit for bit.
///
/// The sum stays below 2³¹: 255 · 2²² · Σ|weight|, and Σ|weight| is below 1.6 (Lanczos, on few pixels).
enum FixedPointPass: FilterPass {
  static var start: Int32 { 1 << 21 }
  static func weight(_ value: Double) -> Int32 {
    Int32(value * Double(1 << 22) + (value < 0 ? -0.5 : 0.5))
  }
  static func adding(_ value: UInt8, times weight: Int32, to sum: Int32) -> Int32 {
    sum &+ Int32(value) &* weight
  }
  static func result(_ sum: Int32) -> UInt8 { UInt8(min(max(sum >> 22, 0), 255)) }
}

/// Any samples by `Float` weights.
enum FloatPass<Input: Sample, Output: Sample>: FilterPass {
  static var start: Float { 0 }
  static func weight(_ value: Double) -> Float { Float(value) }
  static func adding(_ value: Input, times weight: Float, to sum: Float) -> Float {
    sum + value.value * weight
  }
  static func result(_ sum: Float) -> Output { Output(nearest: sum) }
}

extension Image {
  /// Filters along rows, then along columns; what lies between is rounded to `Rows.Output`.
  func filtered<Rows: FilterPass, Columns: FilterPass>(
    horizontally horizontal: FilterAxis, _: Rows.Type, vertically vertical: FilterAxis,
    _: Columns.Type
  ) -> Image where Rows.Input == S, Columns.Input == Rows.Output, Columns.Output == S {
    // Only the source rows that the vertical pass reads are filtered at all.
    let span = vertical.sources
    let between = Image<Rows.Output>(
      size: PixelSize(width: horizontal.count, height: span.count), layout: layout
    ) { target in
      withSamples { source in
        let rows = UnsafeBufferPointer(
          rebasing: source[span.lowerBound * width * channels..<span.upperBound * width * channels])
        filterRows(rows, of: width, channels: channels, along: horizontal, into: target, Rows.self)
      }
    }
    return Image(
      size: PixelSize(width: horizontal.count, height: vertical.count), layout: layout
    ) { target in
      between.withSamples { source in
        filterColumns(
          source, stride: horizontal.count * channels, from: span.lowerBound, along: vertical,
          into: target, Columns.self)
      }
    }
  }
}

private func filterRows<Pass: FilterPass>(
  _ source: UnsafeBufferPointer<Pass.Input>, of width: Int, channels: Int, along axis: FilterAxis,
  into target: UnsafeMutableBufferPointer<Pass.Output>, _: Pass.Type
) {
  let weights = axis.weights.map(Pass.weight)
  var output = 0
  for row in stride(from: 0, to: source.count, by: width * channels) {
    for run in axis.runs {
      for channel in 0..<channels {
        var sum = Pass.start
        var index = row + run.source * channels + channel
        for weight in run.weight..<run.weight + run.count {
          sum = Pass.adding(source[index], times: weights[weight], to: sum)
          index += channels
        }
        target.initializeElement(at: output, to: Pass.result(sum))
        output += 1
      }
    }
  }
}

private func filterColumns<Pass: FilterPass>(
  _ source: UnsafeBufferPointer<Pass.Input>, stride: Int, from firstRow: Int,
  along axis: FilterAxis, into target: UnsafeMutableBufferPointer<Pass.Output>, _: Pass.Type
) {
  let weights = axis.weights.map(Pass.weight)
  // A whole row is summed at a time, which reads memory in order.
  var sums = [Pass.Number](repeating: Pass.start, count: stride)
  for (y, run) in axis.runs.enumerated() {
    for x in 0..<stride { sums[x] = Pass.start }
    for tap in 0..<run.count {
      let weight = weights[run.weight + tap]
      let row = (run.source + tap - firstRow) * stride
      for x in 0..<stride { sums[x] = Pass.adding(source[row + x], times: weight, to: sums[x]) }
    }
    for x in 0..<stride {
      target.initializeElement(at: y * stride + x, to: Pass.result(sums[x]))
    }
  }
}

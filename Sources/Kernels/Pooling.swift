import Tensors

/// The largest value under each window of feature maps, and where it was. Padding never wins.
public struct MaxPooling: Kernel {
  /// `[N, C, H, W]`, or as `layout` says.
  public let input: Operand
  /// `[N, C, H', W']`
  public let output: Operand
  /// Position of each winner within its plane of the input, `y · W + x`, shaped as `output`; the first
  /// one of several equal ones.
  public let winners: Operand
  public let window: Window
  public let layout: FeatureLayout

  public init(
    input: Operand, output: Operand, winners: Operand, window: Window,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.output = output
    self.winners = winners
    self.window = window
    self.layout = layout
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output, winners] }

  public func run(in memory: Memory) {
    let (x, y, index) = (memory.read(input), memory.write(output), memory.indices(winners))
    let spans = WindowSpans(window, input: input.shape, output: output.shape, layout: layout)
    for plane in 0..<spans.planes {
      let source = x + plane * spans.inputCount
      spans.forEachWindow { position, lane, rows, columns in
        var best = -Float.infinity
        var winner = rows.first * spans.inputWidth + columns.first
        spans.forEachTap(rows, columns) { at in
          let value = source[at &* spans.lanes &+ lane]
          // NaN wins and stays, as in every framework.
          if value > best || (value.isNaN && !best.isNaN) {
            best = value
            winner = at
          }
        }
        y[plane * spans.outputCount + position] = best
        index[plane * spans.outputCount + position] = Int32(truncatingIfNeeded: winner)
      }
    }
  }
}

/// Gives each output's cotangent to the input that had won.
public struct MaxPoolingPullback: Kernel {
  public let outputCotangent: Operand
  public let winners: Operand
  public let inputCotangent: Operand
  /// The window that gave the winners.
  public let window: Window
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, winners: Operand, inputCotangent: Operand, window: Window,
    accumulates: Bool, layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.winners = winners
    self.inputCotangent = inputCotangent
    self.window = window
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] {
    [outputCotangent, winners] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, index) = (memory.read(outputCotangent), memory.indices(winners))
    let dx = memory.write(inputCotangent)
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let (outputs, inputs) = (
      outputCotangent.shape.features(layout).plane, inputCotangent.shape.features(layout).plane
    )
    let (items, channels, _) = inputCotangent.shape.features(layout)
    let (planes, lanes) = layout == .channelsFirst ? (items * channels, 1) : (items, channels)
    for plane in 0..<planes {
      let target = dx + plane * inputs * lanes
      for position in plane * outputs..<(plane + 1) * outputs {
        for lane in 0..<lanes {
          let at = position &* lanes &+ lane
          target[Int(index[at]) &* lanes &+ lane] += dy[at]
        }
      }
    }
  }
}

/// What the mean under a window divides by.
public enum AverageDivisor: String, Sendable, Hashable, Codable {
  /// The elements that lie inside the picture.
  case inside
  /// Padding too, though not what hangs over the padded end when sizes are rounded up.
  case padded
}

/// The mean under each window of feature maps.
public struct AveragePooling: Kernel {
  /// `[N, C, H, W]`, or as `layout` says.
  public let input: Operand
  public let output: Operand
  public let window: Window
  public let divisor: AverageDivisor
  public let layout: FeatureLayout

  public init(
    input: Operand, output: Operand, window: Window, divisor: AverageDivisor,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.output = output
    self.window = window
    self.divisor = divisor
    self.layout = layout
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let spans = WindowSpans(window, input: input.shape, output: output.shape, layout: layout)
    for plane in 0..<spans.planes {
      let source = x + plane * spans.inputCount
      spans.forEachWindow { position, lane, rows, columns in
        var sum: Float = 0
        spans.forEachTap(rows, columns) { sum += source[$0 &* spans.lanes &+ lane] }
        y[plane * spans.outputCount + position] = sum / divisor.count(rows, columns)
      }
    }
  }
}

/// Spreads each output's cotangent evenly over its window.
public struct AveragePoolingPullback: Kernel {
  public let outputCotangent: Operand
  public let inputCotangent: Operand
  public let window: Window
  public let divisor: AverageDivisor
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, inputCotangent: Operand, window: Window, divisor: AverageDivisor,
    accumulates: Bool, layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    self.window = window
    self.divisor = divisor
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] { [outputCotangent] + (accumulates ? [inputCotangent] : []) }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let spans = WindowSpans(
      window, input: inputCotangent.shape, output: outputCotangent.shape, layout: layout)
    for plane in 0..<spans.planes {
      let target = dx + plane * spans.inputCount
      spans.forEachWindow { position, lane, rows, columns in
        let share =
          dy[plane * spans.outputCount + position] / divisor.count(rows, columns)
        spans.forEachTap(rows, columns) { target[$0 &* spans.lanes &+ lane] += share }
      }
    }
  }
}

extension MaxPooling: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output),
      let winners = place(winners)
    else { return nil }
    return MaxPooling(
      input: input, output: output, winners: winners, window: window, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension MaxPoolingPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let winners = place(winners), let inputCotangent = place(inputCotangent)
    else { return nil }
    return MaxPoolingPullback(
      outputCotangent: outputCotangent, winners: winners, inputCotangent: inputCotangent,
      window: window, accumulates: accumulates, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension AveragePooling: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output)
    else { return nil }
    return AveragePooling(
      input: input, output: output, window: window, divisor: divisor, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension AveragePoolingPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return AveragePoolingPullback(
      outputCotangent: outputCotangent, inputCotangent: inputCotangent, window: window,
      divisor: divisor, accumulates: accumulates, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension AverageDivisor {
  fileprivate func count(_ rows: WindowSpans.Span, _ columns: WindowSpans.Span) -> Float {
    switch self {
    case .inside: Float(rows.count * columns.count)
    case .padded: Float(rows.paddedCount * columns.paddedCount)
    }
  }
}

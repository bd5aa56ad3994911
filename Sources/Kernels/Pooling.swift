import Tensors

/// The largest value under each window of `[N, C, H, W]`, and where it was. Padding never wins.
public struct MaxPooling: Kernel {
  public let input: Operand
  /// `[N, C, H', W']`
  public let output: Operand
  /// Position of each winner within its plane of the input, shaped as `output`; the first one of
  /// several equal ones.
  public let winners: Operand
  public let window: Window

  public init(input: Operand, output: Operand, winners: Operand, window: Window) {
    self.input = input
    self.output = output
    self.winners = winners
    self.window = window
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output, winners] }

  public func run(in memory: Memory) {
    let (x, y, index) = (memory.read(input), memory.write(output), memory.indices(winners))
    let spans = WindowSpans(window, input: input.shape, output: output.shape)
    for plane in 0..<spans.planes {
      let source = x + plane * spans.inputCount
      spans.forEachWindow { position, rows, columns in
        var best = -Float.infinity
        var winner = rows.first * spans.inputWidth + columns.first
        spans.forEachTap(rows, columns) { at in
          // NaN wins and stays, as in every framework.
          if source[at] > best || (source[at].isNaN && !best.isNaN) {
            best = source[at]
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
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, winners: Operand, inputCotangent: Operand, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.winners = winners
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, winners] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, index) = (memory.read(outputCotangent), memory.indices(winners))
    let dx = memory.write(inputCotangent)
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let (source, target) = (outputCotangent.shape, inputCotangent.shape)
    let (outputs, inputs) = (source[2] * source[3], target[2] * target[3])
    for plane in 0..<source[0] * source[1] {
      for position in plane * outputs..<(plane + 1) * outputs {
        dx[plane * inputs + Int(index[position])] += dy[position]
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

/// The mean under each window of `[N, C, H, W]`.
public struct AveragePooling: Kernel {
  public let input: Operand
  public let output: Operand
  public let window: Window
  public let divisor: AverageDivisor

  public init(input: Operand, output: Operand, window: Window, divisor: AverageDivisor) {
    self.input = input
    self.output = output
    self.window = window
    self.divisor = divisor
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let spans = WindowSpans(window, input: input.shape, output: output.shape)
    for plane in 0..<spans.planes {
      let source = x + plane * spans.inputCount
      spans.forEachWindow { position, rows, columns in
        var sum: Float = 0
        spans.forEachTap(rows, columns) { sum += source[$0] }
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

  public init(
    outputCotangent: Operand, inputCotangent: Operand, window: Window, divisor: AverageDivisor,
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    self.window = window
    self.divisor = divisor
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [outputCotangent] + (accumulates ? [inputCotangent] : []) }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let spans = WindowSpans(
      window, input: inputCotangent.shape, output: outputCotangent.shape)
    for plane in 0..<spans.planes {
      let target = dx + plane * spans.inputCount
      spans.forEachWindow { position, rows, columns in
        let share =
          dy[plane * spans.outputCount + position] / divisor.count(rows, columns)
        spans.forEachTap(rows, columns) { target[$0] += share }
      }
    }
  }
}

extension AverageDivisor {
  fileprivate func count(_ rows: WindowSpans.Span, _ columns: WindowSpans.Span) -> Float {
    switch self {
    case .inside: Float(rows.count * columns.count)
    case .padded: Float(rows.paddedCount * columns.paddedCount)
    }
  }
}

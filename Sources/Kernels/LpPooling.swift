#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The length (Σ |x|ᵖ)^(1/p) of what lies under each window of `[N, C, H, W]`. Padding counts nothing.
public struct LpPooling: Kernel {
  public let input: Operand
  /// `[N, C, H', W']`
  public let output: Operand
  public let window: Window
  /// p, at least 1.
  public let exponent: Float

  public init(input: Operand, output: Operand, window: Window, exponent: Float) {
    self.input = input
    self.output = output
    self.window = window
    self.exponent = exponent
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
        spans.forEachTap(rows, columns) { sum += power(source[$0].magnitude, exponent) }
        y[plane * spans.outputCount + position] = exponent == 2 ? sum.squareRoot() : root(sum)
      }
    }
  }

  private func root(_ sum: Float) -> Float { exponent == 1 ? sum : powf(sum, 1 / exponent) }
}

/// Gives dy · sign(x) · (|x| / y)^(p − 1) to each element under a window; nothing under one of zeros,
/// whose length has no slope.
public struct LpPoolingPullback: Kernel {
  public let outputCotangent: Operand
  public let input: Operand
  /// What `LpPooling` gave.
  public let output: Operand
  public let inputCotangent: Operand
  public let window: Window
  public let exponent: Float
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, input: Operand, output: Operand, inputCotangent: Operand,
    window: Window, exponent: Float, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.input = input
    self.output = output
    self.inputCotangent = inputCotangent
    self.window = window
    self.exponent = exponent
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, input, output] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, x, y) = (memory.read(outputCotangent), memory.read(input), memory.read(output))
    let dx = memory.write(inputCotangent)
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let spans = WindowSpans(window, input: input.shape, output: output.shape)
    for plane in 0..<spans.planes {
      let source = x + plane * spans.inputCount
      let target = dx + plane * spans.inputCount
      spans.forEachWindow { position, rows, columns in
        let at = plane * spans.outputCount + position
        let (cotangent, length) = (dy[at], y[at])
        guard length != 0 else { return }
        spans.forEachTap(rows, columns) { tap in
          guard source[tap] != 0 else { return }
          let share = cotangent * power(source[tap].magnitude / length, exponent - 1)
          target[tap] += source[tap] < 0 ? -share : share
        }
      }
    }
  }
}

/// The usual exponents need no logarithm.
@inline(__always)
private func power(_ magnitude: Float, _ exponent: Float) -> Float {
  if exponent == 1 { return magnitude }
  if exponent == 2 { return magnitude * magnitude }
  return exponent == 0 ? 1 : powf(magnitude, exponent)
}

import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a local response normalisation weighs a channel against its neighbours.
public struct ResponseWindow: Sendable, Hashable {
  /// Channels that are summed up, at least 1; of an even number, more of those behind.
  public let size: Int
  public let alpha: Float
  public let beta: Float
  public let bias: Float

  public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  fileprivate var share: Float { alpha / Float(size) }

  /// The channels that one of `count` looks at.
  fileprivate func channels(seenBy channel: Int, of count: Int) -> Range<Int> {
    max(0, channel - min((size - 1) / 2, count))..<min(count, channel + min(size / 2, count) + 1)
  }

  /// The channels that look at one of `count`.
  fileprivate func channels(seeing channel: Int, of count: Int) -> Range<Int> {
    max(0, channel - min(size / 2, count))..<min(count, channel + min((size - 1) / 2, count) + 1)
  }

  /// factors[i] = bases[i]^−β.
  fileprivate func powers(
    of bases: UnsafePointer<Float>, into factors: UnsafeMutablePointer<Float>, count: Int
  ) {
    if beta == 0.75 {
      // The usual exponent by roots, which the processor has for whole vectors.
      for index in 0..<count {
        let root = bases[index].squareRoot()
        factors[index] = 1 / (root * root.squareRoot())
      }
    } else {
      for index in 0..<count { factors[index] = powf(bases[index], -beta) }
    }
  }
}

/// y = x · s^−β with s = bias + α / size · Σ x² over neighbouring channels of `[N, C, …]`, or of
/// `[N, …, C]` as `layout` says.
public struct LocalResponse: Kernel {
  public let input: Operand
  public let output: Operand
  /// s, for the backward step.
  public let bases: Operand
  public let window: ResponseWindow
  public let layout: FeatureLayout

  public init(
    input: Operand, output: Operand, bases: Operand, window: ResponseWindow,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.output = output
    self.bases = bases
    self.window = window
    self.layout = layout
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output, bases] }

  public func run(in memory: Memory) {
    let (x, y, s) = (memory.read(input), memory.write(output), memory.write(bases))
    let share = window.share
    let (items, channels, plane) = input.shape.features(layout)
    guard layout == .channelsFirst else {
      for start in stride(from: 0, to: input.count, by: channels) {
        let (base, target, source) = (s + start, y + start, x + start)
        for channel in 0..<channels {
          var sum: Float = 0
          for other in window.channels(seenBy: channel, of: channels) {
            sum += source[other] * source[other]
          }
          base[channel] = window.bias + share * sum
        }
        window.powers(of: base, into: target, count: channels)
        for channel in 0..<channels { target[channel] *= source[channel] }
      }
      return
    }
    for item in 0..<items {
      for channel in 0..<channels {
        let start = (item * channels + channel) * plane
        let (base, target, source) = (s + start, y + start, x + start)
        base.update(repeating: 0, count: plane)
        for other in window.channels(seenBy: channel, of: channels) {
          let neighbour = x + (item * channels + other) * plane
          for index in 0..<plane { base[index] += neighbour[index] * neighbour[index] }
        }
        for index in 0..<plane { base[index] = window.bias + share * base[index] }
        window.powers(of: base, into: target, count: plane)
        for index in 0..<plane { target[index] *= source[index] }
      }
    }
  }
}

/// dx of `LocalResponse`: dy · s^−β − 2 α β / size · x · Σ dy · y / s over the channels that look at
/// this one.
public struct LocalResponsePullback: Kernel {
  public let outputCotangent: Operand
  public let input: Operand
  public let output: Operand
  public let bases: Operand
  public let inputCotangent: Operand
  public let window: ResponseWindow
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, input: Operand, output: Operand, bases: Operand,
    inputCotangent: Operand, window: ResponseWindow, accumulates: Bool,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.input = input
    self.output = output
    self.bases = bases
    self.inputCotangent = inputCotangent
    self.window = window
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] {
    [outputCotangent, input, output, bases] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  /// For each element of an item dy · y / s, and the sum and the power of one channel; or the first and
  /// the last of these for one position.
  public var workspaceByteCount: Int {
    let (_, channels, plane) = input.shape.features(layout)
    let count = layout == .channelsFirst ? (channels + 2) * plane : 2 * channels
    return count * MemoryLayout<Float>.stride
  }

  public func run(in memory: Memory) {
    let (dy, x, dx) = (
      memory.read(outputCotangent), memory.read(input), memory.write(inputCotangent)
    )
    let (y, s) = (memory.read(output), memory.read(bases))
    let (items, channels, plane) = input.shape.features(layout)
    let slope = -2 * window.share * window.beta
    let shares = memory.scratch()
    guard layout == .channelsFirst else {
      let power = shares + channels
      for start in stride(from: 0, to: input.count, by: channels) {
        let (dy, x, dx) = (dy + start, x + start, dx + start)
        for channel in 0..<channels {
          shares[channel] = dy[channel] * y[start + channel] / s[start + channel]
        }
        window.powers(of: s + start, into: power, count: channels)
        for channel in 0..<channels {
          var sum: Float = 0
          for other in window.channels(seeing: channel, of: channels) { sum += shares[other] }
          let value = dy[channel] * power[channel] + slope * x[channel] * sum
          dx[channel] = accumulates ? dx[channel] + value : value
        }
      }
      return
    }
    let sum = shares + channels * plane
    let power = sum + plane
    for item in 0..<items {
      let first = item * channels * plane
      for index in 0..<channels * plane {
        shares[index] = dy[first + index] * y[first + index] / s[first + index]
      }
      for channel in 0..<channels {
        let start = first + channel * plane
        sum.update(repeating: 0, count: plane)
        for other in window.channels(seeing: channel, of: channels) {
          let neighbour = shares + other * plane
          for index in 0..<plane { sum[index] += neighbour[index] }
        }
        window.powers(of: s + start, into: power, count: plane)
        let (dy, x, dx) = (dy + start, x + start, dx + start)
        for index in 0..<plane {
          let value = dy[index] * power[index] + slope * x[index] * sum[index]
          dx[index] = accumulates ? dx[index] + value : value
        }
      }
    }
  }
}

extension LocalResponse: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output),
      let bases = place(bases)
    else { return nil }
    return LocalResponse(
      input: input, output: output, bases: bases, window: window, layout: .channelsLast)
  }
}

extension LocalResponsePullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let input = place(input), let output = place(output), let bases = place(bases),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return LocalResponsePullback(
      outputCotangent: outputCotangent, input: input, output: output, bases: bases,
      inputCotangent: inputCotangent, window: window, accumulates: accumulates,
      layout: .channelsLast)
  }
}

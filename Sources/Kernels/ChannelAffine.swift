import Tensors

/// y[n, c] = scale[c] · x[n, order[c]] + shift[c] over the planes of `[N, C, …]`, or over the positions
/// of `[N, …, C]`.
///
/// Batch normalisation with fixed statistics and the scaling of pixels are both this.
public struct ChannelAffine: Kernel {
  public let input: Operand
  /// `[C']`
  public let scale: Operand
  /// `[C']`
  public let shift: Operand
  public let output: Operand
  /// The input channel behind each output channel.
  public let order: [Int]
  public let layout: FeatureLayout

  public init(
    input: Operand, scale: Operand, shift: Operand, output: Operand, order: [Int],
    layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.scale = scale
    self.shift = shift
    self.output = output
    self.order = order
    self.layout = layout
  }

  public var reads: [Operand] { [input, scale, shift] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let (factor, offset) = (memory.read(scale), memory.read(shift))
    let (items, channels, plane) = input.shape.features(layout)
    guard layout == .channelsFirst else {
      for position in 0..<items * plane {
        let (source, target) = (x + position * channels, y + position * order.count)
        for (channel, from) in order.enumerated() {
          target[channel] = factor[channel] * source[from] + offset[channel]
        }
      }
      return
    }
    for item in 0..<items {
      for (channel, from) in order.enumerated() {
        let source = x + (item * channels + from) * plane
        let target = y + (item * order.count + channel) * plane
        let (a, b) = (factor[channel], offset[channel])
        for index in 0..<plane { target[index] = a * source[index] + b }
      }
    }
  }
}

/// dx[n, order[c]] = Σ scale[c] · dy[n, c].
public struct ChannelAffinePullback: Kernel {
  public let outputCotangent: Operand
  public let scale: Operand
  public let inputCotangent: Operand
  public let order: [Int]
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, scale: Operand, inputCotangent: Operand, order: [Int],
    accumulates: Bool, layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.scale = scale
    self.inputCotangent = inputCotangent
    self.order = order
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] {
    [outputCotangent, scale] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx, factor) = (
      memory.read(outputCotangent), memory.write(inputCotangent), memory.read(scale)
    )
    // A channel that is read several times, or never, needs a cleared start.
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let (items, channels, plane) = inputCotangent.shape.features(layout)
    guard layout == .channelsFirst else {
      for position in 0..<items * plane {
        let (source, target) = (dy + position * order.count, dx + position * channels)
        for (channel, from) in order.enumerated() {
          target[from] += factor[channel] * source[channel]
        }
      }
      return
    }
    for item in 0..<items {
      for (channel, from) in order.enumerated() {
        let source = dy + (item * order.count + channel) * plane
        let target = dx + (item * channels + from) * plane
        let a = factor[channel]
        for index in 0..<plane { target[index] += a * source[index] }
      }
    }
  }
}

extension ChannelAffine: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output)
    else { return nil }
    return ChannelAffine(
      input: input, scale: scale, shift: shift, output: output, order: order,
      layout: .channelsLast)
  }
}

extension ChannelAffinePullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return ChannelAffinePullback(
      outputCotangent: outputCotangent, scale: scale, inputCotangent: inputCotangent, order: order,
      accumulates: accumulates, layout: .channelsLast)
  }
}

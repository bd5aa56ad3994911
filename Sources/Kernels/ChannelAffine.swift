import Tensors

/// y[n, c] = scale[c] · x[n, order[c]] + shift[c] over the planes of `[N, C, …]`.
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

  public init(input: Operand, scale: Operand, shift: Operand, output: Operand, order: [Int]) {
    self.input = input
    self.scale = scale
    self.shift = shift
    self.output = output
    self.order = order
  }

  public var reads: [Operand] { [input, scale, shift] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let (factor, offset) = (memory.read(scale), memory.read(shift))
    let plane = input.shape.extents.dropFirst(2).reduce(1, *)
    for item in 0..<input.shape[0] {
      for (channel, from) in order.enumerated() {
        let source = x + (item * input.shape[1] + from) * plane
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

  public init(
    outputCotangent: Operand, scale: Operand, inputCotangent: Operand, order: [Int],
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.scale = scale
    self.inputCotangent = inputCotangent
    self.order = order
    self.accumulates = accumulates
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
    let shape = inputCotangent.shape
    let plane = shape.extents.dropFirst(2).reduce(1, *)
    for item in 0..<shape[0] {
      for (channel, from) in order.enumerated() {
        let source = dy + (item * order.count + channel) * plane
        let target = dx + (item * shape[1] + from) * plane
        let a = factor[channel]
        for index in 0..<plane { target[index] += a * source[index] }
      }
    }
  }
}

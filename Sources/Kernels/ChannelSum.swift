import Tensors

/// s[c] = Σ x[n, c] over the items and positions of `[N, C, …]`: the gradient of a shift for each
/// channel.
public struct ChannelSum: Kernel {
  public let input: Operand
  /// `[C]`
  public let output: Operand
  public let accumulates: Bool

  public init(input: Operand, output: Operand, accumulates: Bool = false) {
    self.input = input
    self.output = output
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [input] + (accumulates ? [output] : []) }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, sums) = (memory.read(input), memory.write(output))
    let channels = output.count
    let plane = input.shape.extents.dropFirst(2).reduce(1, *)
    if plane == 1 {
      // Channels are neighbours: one row after the other.
      if !accumulates { sums.update(repeating: 0, count: channels) }
      for item in 0..<input.shape[0] {
        let row = x + item * channels
        for channel in 0..<channels { sums[channel] += row[channel] }
      }
      return
    }
    for channel in 0..<channels {
      var sum = accumulates ? Double(sums[channel]) : 0
      for item in 0..<input.shape[0] {
        sum += LongSum.sum(x + (item * channels + channel) * plane, count: plane)
      }
      sums[channel] = Float(sum)
    }
  }
}

/// s[c] = Σ a[n, c] · b[n, order[c]] over items and positions: the gradient of a factor for each
/// channel.
public struct ChannelDot: Kernel {
  /// `[N, C, …]`
  public let first: Operand
  /// `[N, C', …]`
  public let second: Operand
  /// `[C]`
  public let output: Operand
  /// The channel of `second` that meets each one of `first`.
  public let order: [Int]
  public let accumulates: Bool

  public init(
    first: Operand, second: Operand, output: Operand, order: [Int], accumulates: Bool = false
  ) {
    self.first = first
    self.second = second
    self.output = output
    self.order = order
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [first, second] + (accumulates ? [output] : []) }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (a, b, sums) = (memory.read(first), memory.read(second), memory.write(output))
    let plane = first.shape.extents.dropFirst(2).reduce(1, *)
    for (channel, other) in order.enumerated() {
      var sum = accumulates ? Double(sums[channel]) : 0
      for item in 0..<first.shape[0] {
        sum += LongSum.dot(
          a + (item * order.count + channel) * plane,
          b + (item * second.shape[1] + other) * plane, count: plane)
      }
      sums[channel] = Float(sum)
    }
  }
}

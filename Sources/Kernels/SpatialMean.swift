/// The mean of each plane of `[N, C, …]`: global average pooling.
public struct SpatialMean: Kernel {
  public let input: Operand
  /// `[N, C, 1, …]`
  public let output: Operand

  public init(input: Operand, output: Operand) {
    self.input = input
    self.output = output
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let plane = input.count / output.count
    for index in 0..<output.count {
      y[index] = Matrices.sum(x + index * plane, count: plane) / Float(plane)
    }
  }
}

/// Spreads each mean's cotangent evenly over its plane.
public struct SpatialMeanPullback: Kernel {
  public let outputCotangent: Operand
  public let inputCotangent: Operand
  public let accumulates: Bool

  public init(outputCotangent: Operand, inputCotangent: Operand, accumulates: Bool) {
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [outputCotangent] + (accumulates ? [inputCotangent] : []) }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let plane = inputCotangent.count / outputCotangent.count
    for index in 0..<outputCotangent.count {
      let share = dy[index] / Float(plane)
      let target = dx + index * plane
      for position in 0..<plane {
        target[position] = accumulates ? target[position] + share : share
      }
    }
  }
}

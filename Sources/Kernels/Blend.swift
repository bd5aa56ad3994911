/// A point on the straight line from one array to another: a + t · (b − a), element by element.
public struct Blend: Kernel {
  public let start: Operand
  public let end: Operand
  public let output: Operand
  /// t, 0 at the start and 1 at the end.
  public let position: Float

  public init(from start: Operand, to end: Operand, at position: Float, output: Operand) {
    self.start = start
    self.end = end
    self.output = output
    self.position = position
  }

  public var reads: [Operand] { [start, end] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (a, b, y) = (memory.read(start), memory.read(end), memory.write(output))
    for index in 0..<output.count { y[index] = a[index] + position * (b[index] - a[index]) }
  }
}

extension Blend: ElementwiseKernel {
  public var overwritable: [Operand] { [start, end] }
}

extension Blend: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let start = place(start), let end = place(end), let output = place(output) else {
      return nil
    }
    return Blend(from: start, to: end, at: position, output: output)
  }
}

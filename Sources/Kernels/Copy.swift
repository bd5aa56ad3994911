import Tensors

/// The same elements in the same order at another place, perhaps under another shape.
///
/// Plans are full of these until they find that both places can be one.
public struct Copy: Kernel {
  public let source: Operand
  public let target: Operand
  public let accumulates: Bool

  /// Traps unless the counts agree.
  public init(from source: Operand, to target: Operand, accumulates: Bool = false) {
    precondition(
      source.count == target.count, "\(source.shape) cannot be copied to \(target.shape)")
    self.source = source
    self.target = target
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [source] + (accumulates ? [target] : []) }
  public var writes: [Operand] { [target] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(source), memory.write(target))
    if accumulates {
      for index in 0..<source.count { y[index] += x[index] }
    } else if UnsafePointer(y) != x {
      y.update(from: x, count: source.count)
    }
  }
}

extension Copy: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard source.shape == target.shape, let source = place(source), let target = place(target)
    else { return nil }
    return Copy(from: source, to: target, accumulates: accumulates)
  }
}

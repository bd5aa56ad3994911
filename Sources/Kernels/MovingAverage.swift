/// new = momentum · old + (1 − momentum) · factor · observed: a statistic that follows the batches of
/// a training.
public struct MovingAverage: Kernel {
  public let old: Operand
  public let observed: Operand
  public let output: Operand
  /// How much of the old value stays.
  public let momentum: Float
  /// What the observation is multiplied by first.
  public let factor: Float

  public init(
    old: Operand, observed: Operand, output: Operand, momentum: Float, factor: Float = 1
  ) {
    self.old = old
    self.observed = observed
    self.output = output
    self.momentum = momentum
    self.factor = factor
  }

  public var reads: [Operand] { [old, observed] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (past, present, target) = (memory.read(old), memory.read(observed), memory.write(output))
    let share = (1 - momentum) * factor
    for index in 0..<output.count {
      target[index] = momentum * past[index] + share * present[index]
    }
  }
}

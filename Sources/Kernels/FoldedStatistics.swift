/// What normalisation by fixed statistics comes to for each channel: scale = γ / √(variance + ε) and
/// shift = β − mean · scale.
public struct FoldedStatistics: Kernel {
  /// All are `[C]`.
  public let gamma: Operand
  public let beta: Operand
  public let mean: Operand
  public let variance: Operand
  public let scale: Operand
  public let shift: Operand
  public let epsilon: Float

  public init(
    gamma: Operand, beta: Operand, mean: Operand, variance: Operand, scale: Operand,
    shift: Operand, epsilon: Float
  ) {
    self.gamma = gamma
    self.beta = beta
    self.mean = mean
    self.variance = variance
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }

  public var reads: [Operand] { [gamma, beta, mean, variance] }
  public var writes: [Operand] { [scale, shift] }

  public func run(in memory: Memory) {
    let (factors, shifts) = (memory.read(gamma), memory.read(beta))
    let (means, variances) = (memory.read(mean), memory.read(variance))
    let (scales, offsets) = (memory.write(scale), memory.write(shift))
    // In double precision, so that folding costs no accuracy.
    for channel in 0..<gamma.count {
      let deviation = (Double(variances[channel]) + Double(epsilon)).squareRoot()
      let factor = Double(factors[channel]) / deviation
      scales[channel] = Float(factor)
      offsets[channel] = Float(Double(shifts[channel]) - Double(means[channel]) * factor)
    }
  }
}

/// max(x, 0).
public struct Rectifier: ScalarFunction {
  public init() {}

  @inlinable
  public func callAsFunction(_ x: Float) -> Float {
    // Written so that NaN stays NaN.
    x < 0 ? 0 : x
  }

  @inlinable
  public func slope(at value: Float) -> Float { value > 0 ? 1 : 0 }

  public static var slopeReads: SlopeOperand { .value }

  public var accelerated: VectorFunction? { .rectifier }
}

/// How a cotangent passes a rectifier.
public enum BackwardRule: String, Sendable, Codable, CaseIterable {
  /// The derivative.
  case exact
  /// The derivative, and nothing where the cotangent is negative: Springenberg et al., Striving for
  /// Simplicity, 2014 (arXiv:1412.6806).
  case guided
  /// Only what is positive, whatever the activation was: Zeiler & Fergus, Visualizing and
  /// Understanding Convolutional Networks, 2013 (arXiv:1311.2901).
  case deconvolution
}

/// What a rectifier lets back under a rule other than the exact one.
public struct RectifierPullback: Kernel {
  public let outputCotangent: Operand
  /// The rectifier's value.
  public let output: Operand
  public let inputCotangent: Operand
  public let rule: BackwardRule
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, output: Operand, inputCotangent: Operand, rule: BackwardRule,
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.output = output
    self.inputCotangent = inputCotangent
    self.rule = rule
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent] + (rule == .deconvolution ? [] : [output])
      + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let count = inputCotangent.count
    if !accumulates { dx.update(repeating: 0, count: count) }
    // Comparisons rather than `max`, which is not made into vectors.
    switch rule {
    case .exact:
      let y = memory.read(output)
      for index in 0..<count { dx[index] += y[index] > 0 ? dy[index] : 0 }
    case .guided:
      let y = memory.read(output)
      for index in 0..<count {
        let positive = dy[index] > 0 ? dy[index] : 0
        dx[index] += y[index] > 0 ? positive : 0
      }
    case .deconvolution:
      for index in 0..<count { dx[index] += dy[index] > 0 ? dy[index] : 0 }
    }
  }
}

extension RectifierPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let outputCotangent = place(outputCotangent), let inputCotangent = place(inputCotangent),
      // Not read where the rule does not ask for it.
      let output = place(output) ?? (rule == .deconvolution ? output : nil)
    else { return nil }
    return RectifierPullback(
      outputCotangent: outputCotangent, output: output, inputCotangent: inputCotangent, rule: rule,
      accumulates: accumulates)
  }
}

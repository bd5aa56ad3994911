import Tensors

/// Which length of a vector is meant.
public enum VectorNorm: Int, Sendable, Hashable {
  /// Σ |x|
  case taxicab = 1
  /// √Σ x²
  case euclidean = 2
}

/// y = x / ‖x‖ along one axis; a vector of zeros stays as it is.
public struct UnitNorm: Kernel {
  public let input: Operand
  public let output: Operand
  /// The length of each vector, one after the other, for the backward step.
  public let lengths: Operand
  /// Counted from the front.
  public let axis: Int
  public let norm: VectorNorm

  public init(input: Operand, output: Operand, lengths: Operand, axis: Int, norm: VectorNorm) {
    self.input = input
    self.output = output
    self.lengths = lengths
    self.axis = axis
    self.norm = norm
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output, lengths] }

  public func run(in memory: Memory) {
    let (x, y, lengths) = (memory.read(input), memory.write(output), memory.write(lengths))
    var line = 0
    AxisLines(input.shape, axis: axis).forEach { start, step, count in
      var sum = 0.0
      for index in 0..<count {
        let value = Double(x[start + index * step])
        sum += norm == .taxicab ? value.magnitude : value * value
      }
      let length = Float(norm == .taxicab ? sum : sum.squareRoot())
      lengths[line] = length
      line += 1
      for index in 0..<count {
        let at = start + index * step
        y[at] = length == 0 ? 0 : x[at] / length
      }
    }
  }
}

/// dx of `UnitNorm` from its output y: (dy − ∂‖x‖ · Σ dy · y) / ‖x‖, where ∂‖x‖ is y, or the sign of
/// y for sums of magnitudes. A vector of zeros has no slope; its dx is zero.
public struct UnitNormPullback: Kernel {
  public let outputCotangent: Operand
  public let output: Operand
  public let lengths: Operand
  public let inputCotangent: Operand
  public let axis: Int
  public let norm: VectorNorm
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, output: Operand, lengths: Operand, inputCotangent: Operand,
    axis: Int, norm: VectorNorm, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.output = output
    self.lengths = lengths
    self.inputCotangent = inputCotangent
    self.axis = axis
    self.norm = norm
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, output, lengths] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, y) = (memory.read(outputCotangent), memory.read(output))
    let (lengths, dx) = (memory.read(lengths), memory.write(inputCotangent))
    var line = 0
    AxisLines(output.shape, axis: axis).forEach { start, step, count in
      let length = lengths[line]
      line += 1
      var product = 0.0
      for index in 0..<count {
        let at = start + index * step
        product += Double(dy[at]) * Double(y[at])
      }
      for index in 0..<count {
        let at = start + index * step
        let sign: Float = y[at] > 0 ? 1 : y[at] < 0 ? -1 : 0
        let slope = norm == .taxicab ? sign : y[at]
        let value = length == 0 ? 0 : (dy[at] - slope * Float(product)) / length
        dx[at] = accumulates ? dx[at] + value : value
      }
    }
  }
}

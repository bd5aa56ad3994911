import Tensors

/// Which elements of an array are normalised together: seen as `[outer, count, inner]`, those of
/// each of `count` groups.
///
/// The channels of a batch are `[N, C, H·W]`; rows that lie one after the other have one outer block.
public struct Grouping: Sendable, Hashable {
  public let outer: Int
  public let count: Int
  public let inner: Int

  public init(outer: Int = 1, count: Int, inner: Int) {
    self.outer = outer
    self.count = count
    self.inner = inner
  }

  /// Elements of each group.
  public var size: Int { outer * inner }

  /// Where each run of `inner` neighbours of a group begins.
  @inline(__always)
  func forEachRun(of group: Int, _ body: (_ start: Int) -> Void) {
    for block in 0..<outer { body((block * count + group) * inner) }
  }
}

/// Mean and variance of each group; the variance is that of the group itself, with its size for
/// divisor.
public struct Moments: Kernel {
  public let input: Operand
  /// `[groups]`
  public let mean: Operand
  /// `[groups]`
  public let variance: Operand
  public let grouping: Grouping

  public init(input: Operand, mean: Operand, variance: Operand, grouping: Grouping) {
    self.input = input
    self.mean = mean
    self.variance = variance
    self.grouping = grouping
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [mean, variance] }

  public func run(in memory: Memory) {
    let x = memory.read(input)
    let (means, variances) = (memory.write(mean), memory.write(variance))
    let size = Double(grouping.size)
    for group in 0..<grouping.count {
      var sum = 0.0
      grouping.forEachRun(of: group) { sum += LongSum.sum(x + $0, count: grouping.inner) }
      let exact = sum / size
      let centre = Float(exact)
      var squares = 0.0
      grouping.forEachRun(of: group) {
        squares += LongSum.squares(x + $0, about: centre, count: grouping.inner)
      }
      // About the rounded mean the squares are too large by the square of what was rounded off.
      let rounding = exact - Double(centre)
      means[group] = centre
      variances[group] = Float(max(squares / size - rounding * rounding, 0))
    }
  }
}

extension Moments: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    let (items, channels, plane) = input.shape.features(.channelsFirst)
    guard grouping == Grouping(outer: items, count: channels, inner: plane),
      let input = place(input)
    else { return nil }
    return Moments(
      input: input, mean: mean, variance: variance,
      grouping: Grouping(outer: items * plane, count: channels, inner: 1))
  }
}

/// y = (x − mean) / √(variance + ε), with the statistics of each group.
public struct Standardize: Kernel {
  public let input: Operand
  /// `[groups]`
  public let mean: Operand
  /// `[groups]`
  public let variance: Operand
  public let output: Operand
  public let grouping: Grouping
  public let epsilon: Float

  public init(
    input: Operand, mean: Operand, variance: Operand, output: Operand, grouping: Grouping,
    epsilon: Float
  ) {
    self.input = input
    self.mean = mean
    self.variance = variance
    self.output = output
    self.grouping = grouping
    self.epsilon = epsilon
  }

  public var reads: [Operand] { [input, mean, variance] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let (means, variances) = (memory.read(mean), memory.read(variance))
    for group in 0..<grouping.count {
      let centre = means[group]
      let factor = inverseDeviation(variances[group], epsilon)
      grouping.forEachRun(of: group) { start in
        let (source, target) = (x + start, y + start)
        for index in 0..<grouping.inner { target[index] = (source[index] - centre) * factor }
      }
    }
  }
}

/// dx of `Standardize` where `Moments` gave the statistics: (dy − mean(dy) − y · mean(dy · y)) /
/// √(variance + ε).
public struct StandardizePullback: Kernel {
  public let outputCotangent: Operand
  public let output: Operand
  /// `[groups]`
  public let variance: Operand
  public let inputCotangent: Operand
  public let grouping: Grouping
  public let epsilon: Float
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, output: Operand, variance: Operand, inputCotangent: Operand,
    grouping: Grouping, epsilon: Float, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.output = output
    self.variance = variance
    self.inputCotangent = inputCotangent
    self.grouping = grouping
    self.epsilon = epsilon
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, output, variance] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, y) = (memory.read(outputCotangent), memory.read(output))
    let (dx, variances) = (memory.write(inputCotangent), memory.read(variance))
    let size = Double(grouping.size)
    for group in 0..<grouping.count {
      var (sum, product) = (0.0, 0.0)
      grouping.forEachRun(of: group) { start in
        sum += LongSum.sum(dy + start, count: grouping.inner)
        product += LongSum.dot(dy + start, y + start, count: grouping.inner)
      }
      let (shift, slope) = (Float(sum / size), Float(product / size))
      let factor = inverseDeviation(variances[group], epsilon)
      grouping.forEachRun(of: group) { start in
        let (dy, y, dx) = (dy + start, y + start, dx + start)
        if accumulates {
          for index in 0..<grouping.inner {
            dx[index] += (dy[index] - shift - y[index] * slope) * factor
          }
        } else {
          for index in 0..<grouping.inner {
            dx[index] = (dy[index] - shift - y[index] * slope) * factor
          }
        }
      }
    }
  }
}

private func inverseDeviation(_ variance: Float, _ epsilon: Float) -> Float {
  Float(1 / (Double(variance) + Double(epsilon)).squareRoot())
}

import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The softmax along one axis, or its logarithm.
public struct Softmax: Kernel {
  public let input: Operand
  public let output: Operand
  /// Counted from the front.
  public let axis: Int
  public let isLogarithmic: Bool

  public init(input: Operand, output: Operand, axis: Int, isLogarithmic: Bool) {
    self.input = input
    self.output = output
    self.axis = axis
    self.isLogarithmic = isLogarithmic
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    AxisLines(input.shape, axis: axis).forEach { start, step, count in
      var largest = -Float.infinity
      for index in 0..<count { largest = max(largest, x[start + index * step]) }
      var sum: Float = 0
      for index in 0..<count { sum += expf(x[start + index * step] - largest) }
      let logarithm = logf(sum)
      for index in 0..<count {
        let at = start + index * step
        y[at] = isLogarithmic ? x[at] - largest - logarithm : expf(x[at] - largest) / sum
      }
    }
  }
}

/// dx of `Softmax` from its output y: y · (dy − Σ dy·y), or dy − eʸ · Σ dy for the logarithm.
public struct SoftmaxPullback: Kernel {
  public let outputCotangent: Operand
  public let output: Operand
  public let inputCotangent: Operand
  public let axis: Int
  public let isLogarithmic: Bool
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, output: Operand, inputCotangent: Operand, axis: Int,
    isLogarithmic: Bool, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.output = output
    self.inputCotangent = inputCotangent
    self.axis = axis
    self.isLogarithmic = isLogarithmic
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, output] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, y) = (memory.read(outputCotangent), memory.read(output))
    let dx = memory.write(inputCotangent)
    AxisLines(output.shape, axis: axis).forEach { start, step, count in
      var sum: Float = 0
      for index in 0..<count {
        let at = start + index * step
        sum += isLogarithmic ? dy[at] : dy[at] * y[at]
      }
      for index in 0..<count {
        let at = start + index * step
        let value = isLogarithmic ? dy[at] - expf(y[at]) * sum : y[at] * (dy[at] - sum)
        dx[at] = accumulates ? dx[at] + value : value
      }
    }
  }
}

extension Softmax: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let input = place(input), let output = place(output) else { return nil }
    return Softmax(
      input: input, output: output, axis: FeatureLayout.channelsLast.place(ofAxis: axis),
      isLogarithmic: isLogarithmic)
  }
}

extension SoftmaxPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let outputCotangent = place(outputCotangent), let output = place(output),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return SoftmaxPullback(
      outputCotangent: outputCotangent, output: output, inputCotangent: inputCotangent,
      axis: FeatureLayout.channelsLast.place(ofAxis: axis), isLogarithmic: isLogarithmic,
      accumulates: accumulates)
  }
}

/// The lines of an array that run along one axis.
struct AxisLines {
  private let outer: Int
  private let count: Int
  private let inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = shape.extents[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape.extents[(axis + 1)...].reduce(1, *)
  }

  @inline(__always)
  func forEach(_ body: (_ start: Int, _ step: Int, _ count: Int) -> Void) {
    for block in 0..<outer {
      for lane in 0..<inner { body(block * count * inner + lane, inner, count) }
    }
  }
}

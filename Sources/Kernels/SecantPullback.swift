/// dx = dy · Δy / Δx, element by element: the slope of the line through two points of a function in
/// place of its derivative at one of them.
///
/// Where |Δx| < 10⁻¹⁰ the derivative stands for it, whose product with dy comes as `derivative`.
/// Single precision loses digits of Δy as the points close up, and of Δx as many; what counts is
/// dx · Δx, which stays within rounding of dy · Δy.
public struct SecantPullback: Kernel {
  public let outputCotangent: Operand
  /// What the function's own pullback makes of dy.
  public let derivative: Operand
  public let input: Operand
  public let output: Operand
  /// The function's input and output at the other point.
  public let referenceInput: Operand
  public let referenceOutput: Operand
  public let inputCotangent: Operand
  public let accumulates: Bool

  /// Below this distance two points are one.
  static let leastDistance: Float = 1e-10

  public init(
    outputCotangent: Operand, derivative: Operand, input: Operand, output: Operand,
    referenceInput: Operand, referenceOutput: Operand, inputCotangent: Operand, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.derivative = derivative
    self.input = input
    self.output = output
    self.referenceInput = referenceInput
    self.referenceOutput = referenceOutput
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, derivative, input, output, referenceInput, referenceOutput]
      + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, slope) = (memory.read(outputCotangent), memory.read(derivative))
    let (x, y) = (memory.read(input), memory.read(output))
    let (a, b) = (memory.read(referenceInput), memory.read(referenceOutput))
    let dx = memory.write(inputCotangent)
    @inline(__always) func value(_ index: Int) -> Float {
      let distance = x[index] - a[index]
      let secant = dy[index] * ((y[index] - b[index]) / distance)
      // Both sides are there, so that whole vectors can choose.
      return distance.magnitude < Self.leastDistance ? slope[index] : secant
    }
    if accumulates {
      for index in 0..<inputCotangent.count { dx[index] += value(index) }
    } else {
      for index in 0..<inputCotangent.count { dx[index] = value(index) }
    }
  }
}

extension SecantPullback: ElementwiseKernel {
  public var overwritable: [Operand] { accumulates ? [] : [derivative, outputCotangent] }
}

extension SecantPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let outputCotangent = place(outputCotangent), let derivative = place(derivative),
      let input = place(input), let output = place(output),
      let referenceInput = place(referenceInput), let referenceOutput = place(referenceOutput),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return SecantPullback(
      outputCotangent: outputCotangent, derivative: derivative, input: input, output: output,
      referenceInput: referenceInput, referenceOutput: referenceOutput,
      inputCotangent: inputCotangent, accumulates: accumulates)
  }
}

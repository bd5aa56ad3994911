/// A scalar function with its derivative, applied to every element.
///
/// Conformers state the mathematics of one element. The loops come with the protocol, as requirements
/// with defaults: a conformance compiles its own copy of them, with the function inlined, where a
/// generic loop behind an existential would call it through a table for every element.
public protocol ScalarFunction: Sendable {
  /// The function's value.
  func callAsFunction(_ x: Float) -> Float

  /// Its derivative, given what `slopeReads` names. At a kink, the one-sided derivative that
  /// frameworks use.
  func slope(at subject: Float) -> Float

  /// Whether the derivative looks at the function's input or at its value; the other need not be kept.
  static var slopeReads: SlopeOperand { get }

  /// The same function among those that the fast engine has kernels for; by default it has none.
  var accelerated: VectorFunction? { get }

  /// y = f(x) for `count` elements.
  func map(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int)

  /// dx = dy · f′, or dx += where `accumulates`, for `count` elements.
  func pull(
    _ dy: UnsafePointer<Float>, at subject: UnsafePointer<Float>,
    to dx: UnsafeMutablePointer<Float>, count: Int, accumulates: Bool)
}

/// What a derivative is computed from.
public enum SlopeOperand: Sendable { case input, value }

extension ScalarFunction {
  public var accelerated: VectorFunction? { nil }

  @inlinable @inline(__always)
  public func map(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { y[index] = self(x[index]) }
  }

  @inlinable @inline(__always)
  public func pull(
    _ dy: UnsafePointer<Float>, at subject: UnsafePointer<Float>,
    to dx: UnsafeMutablePointer<Float>, count: Int, accumulates: Bool
  ) {
    if accumulates {
      for index in 0..<count { dx[index] += dy[index] * slope(at: subject[index]) }
    } else {
      for index in 0..<count { dx[index] = dy[index] * slope(at: subject[index]) }
    }
  }
}

/// y = f(x), element by element.
public struct Map<F: ScalarFunction>: Kernel {
  public let input: Operand
  public let output: Operand
  public let function: F

  public init(input: Operand, output: Operand, function: F) {
    self.input = input
    self.output = output
    self.function = function
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    function.map(memory.read(input), to: memory.write(output), count: input.count)
  }
}

/// dx = dy · f′, element by element.
public struct MapPullback<F: ScalarFunction>: Kernel {
  public let outputCotangent: Operand
  /// The input or the value of the function, whichever `F.slopeReads` names.
  public let subject: Operand
  public let inputCotangent: Operand
  public let function: F
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, subject: Operand, inputCotangent: Operand, function: F,
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.subject = subject
    self.inputCotangent = inputCotangent
    self.function = function
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, subject] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    function.pull(
      memory.read(outputCotangent), at: memory.read(subject), to: memory.write(inputCotangent),
      count: inputCotangent.count, accumulates: accumulates)
  }
}

extension Map: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let input = place(input), let output = place(output) else { return nil }
    return Map(input: input, output: output, function: function)
  }
}

extension MapPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let outputCotangent = place(outputCotangent), let subject = place(subject),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return MapPullback(
      outputCotangent: outputCotangent, subject: subject, inputCotangent: inputCotangent,
      function: function, accumulates: accumulates)
  }
}

import Tensors

/// A function of two scalars with its partial derivatives.
///
/// As with `ScalarFunction`, the loops are requirements with defaults so that each conformance
/// compiles its own.
public protocol BinaryFunction: Sendable {
  /// The function's value.
  static func value(_ a: Float, _ b: Float) -> Float

  /// Its derivatives with respect to each operand.
  static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float)

  /// Whether the derivatives look at the operands; where they do not, these need not be kept.
  static var slopesReadOperands: Bool { get }

  /// The same function among those that the fast engine has kernels for; by default it has none.
  static var accelerated: VectorOperation? { get }

  /// c = f(a, b) along a row; operands advance by their steps, 0 repeating one element.
  static func combine(_ row: BroadcastRow, into c: UnsafeMutablePointer<Float>)

  /// dx += dc · ∂f along a row, for one side; dx advances by that side's step.
  static func pull(
    _ dc: UnsafePointer<Float>, at row: BroadcastRow, side: BroadcastSide,
    to dx: UnsafeMutablePointer<Float>)
}

/// The two operands of a broadcast function.
public enum BroadcastSide: Sendable { case first, second }

/// Where the operands of one row of a broadcast result lie.
public struct BroadcastRow {
  @usableFromInline let first: UnsafePointer<Float>
  @usableFromInline let firstStep: Int
  @usableFromInline let second: UnsafePointer<Float>
  @usableFromInline let secondStep: Int
  @usableFromInline let count: Int
}

extension BinaryFunction {
  public static var accelerated: VectorOperation? { nil }

  @inlinable @inline(__always)
  public static func combine(_ row: BroadcastRow, into c: UnsafeMutablePointer<Float>) {
    let (a, b, i, j) = (row.first, row.second, row.firstStep, row.secondStep)
    if i == 1 && j == 1 {
      for index in 0..<row.count { c[index] = value(a[index], b[index]) }
    } else if i == 1 && j == 0 {
      let repeated = b.pointee
      for index in 0..<row.count { c[index] = value(a[index], repeated) }
    } else {
      for index in 0..<row.count { c[index] = value(a[index * i], b[index * j]) }
    }
  }

  @inlinable @inline(__always)
  public static func pull(
    _ dc: UnsafePointer<Float>, at row: BroadcastRow, side: BroadcastSide,
    to dx: UnsafeMutablePointer<Float>
  ) {
    let (a, b, i, j) = (row.first, row.second, row.firstStep, row.secondStep)
    func slope(_ index: Int) -> Float {
      let slopes = slopes(a[index &* i], b[index &* j])
      return side == .first ? slopes.first : slopes.second
    }
    let step = side == .first ? i : j
    if step == 0 {
      // Summed on its own: through memory each addition would wait for the one before it.
      var sum: Float = 0
      for index in 0..<row.count { sum += dc[index] * slope(index) }
      dx.pointee += sum
    } else {
      for index in 0..<row.count { dx[index &* step] += dc[index] * slope(index) }
    }
  }
}

/// a + b.
public enum Sum: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a + b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) { (1, 1) }
  public static var slopesReadOperands: Bool { false }
  public static var accelerated: VectorOperation? { .sum }
}

/// a − b.
public enum Difference: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a - b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) { (1, -1) }
  public static var slopesReadOperands: Bool { false }
  public static var accelerated: VectorOperation? { .difference }
}

/// a · b.
public enum Product: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a * b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) { (b, a) }
  public static var slopesReadOperands: Bool { true }
  public static var accelerated: VectorOperation? { .product }
}

/// a / b.
public enum Quotient: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a / b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) {
    (1 / b, -a / (b * b))
  }
  public static var slopesReadOperands: Bool { true }
}

/// The smaller of a and b; both move it by half where they are equal.
public enum Minimum: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a.isNaN || a < b ? a : b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) {
    a < b ? (1, 0) : a > b ? (0, 1) : (0.5, 0.5)
  }
  public static var slopesReadOperands: Bool { true }
}

/// The larger of a and b; both move it by half where they are equal.
public enum Maximum: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a.isNaN || a > b ? a : b }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) {
    a > b ? (1, 0) : a < b ? (0, 1) : (0.5, 0.5)
  }
  public static var slopesReadOperands: Bool { true }
}

/// a, or b · a below zero.
public enum ParametricRectifier: BinaryFunction {
  public static func value(_ a: Float, _ b: Float) -> Float { a < 0 ? b * a : a }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) {
    (a > 0 ? 1 : b, min(a, 0))
  }
  public static var slopesReadOperands: Bool { true }
}

/// c = f(a, b) with NumPy's broadcasting.
public struct Broadcast<F: BinaryFunction>: Kernel {
  public let first: Operand
  public let second: Operand
  public let output: Operand

  public init(first: Operand, second: Operand, output: Operand) {
    self.first = first
    self.second = second
    self.output = output
  }

  public var reads: [Operand] { [first, second] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let c = memory.write(output)
    let walk = BroadcastWalk(
      output: output.shape, first: first, second: second, in: memory)
    walk.forEachRow { at, row, _ in F.combine(row, into: c + at) }
  }
}

/// The cotangent of one operand of `Broadcast`: summed over what was repeated.
public struct BroadcastPullback<F: BinaryFunction>: Kernel {
  public let outputCotangent: Operand
  public let first: Operand
  public let second: Operand
  public let inputCotangent: Operand
  public let side: BroadcastSide
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, first: Operand, second: Operand, inputCotangent: Operand,
    side: BroadcastSide, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.first = first
    self.second = second
    self.inputCotangent = inputCotangent
    self.side = side
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent] + (F.slopesReadOperands ? [first, second] : [])
      + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dc, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let walk = BroadcastWalk(
      output: outputCotangent.shape, first: first, second: second, in: memory)
    walk.forEachRow { at, row, offsets in
      F.pull(
        dc + at, at: row, side: side,
        to: dx + (side == .first ? offsets.first : offsets.second))
    }
  }
}

extension Broadcast: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let output = place(output), let first = first.besideChannelsLast(place),
      let second = second.besideChannelsLast(place)
    else { return nil }
    return Broadcast(first: first, second: second, output: output)
  }
}

extension BroadcastPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    /// Of operands that are not read only the shape counts.
    func operand(_ it: Operand) -> Operand? {
      if let found = it.besideChannelsLast(place) { return found }
      guard !F.slopesReadOperands, it.shape.rank <= 4 else { return nil }
      return it.reshaped(to: it.shape.padded(toRank: 4).withChannelsLast)
    }
    guard let outputCotangent = place(outputCotangent), let first = operand(first),
      let second = operand(second), let inputCotangent = inputCotangent.besideChannelsLast(place)
    else { return nil }
    return BroadcastPullback(
      outputCotangent: outputCotangent, first: first, second: second,
      inputCotangent: inputCotangent, side: side, accumulates: accumulates)
  }
}

/// Visits the rows of a broadcast result together with where its operands' elements lie.
private struct BroadcastWalk {
  private let rowCount: Int
  private let extents: [Int]
  private let first: UnsafePointer<Float>
  private let firstStrides: [Int]
  private let second: UnsafePointer<Float>
  private let secondStrides: [Int]

  init(output: Shape, first: Operand, second: Operand, in memory: Memory) {
    let rank = max(output.rank, 1)
    func strides(of shape: Shape) -> [Int] {
      let padded = shape.padded(toRank: rank)
      return zip(padded.extents, padded.strides).map { $0 == 1 ? 0 : $1 }
    }
    extents = output.padded(toRank: rank).extents
    rowCount = extents[rank - 1]
    firstStrides = strides(of: first.shape)
    secondStrides = strides(of: second.shape)
    self.first = memory.read(first)
    self.second = memory.read(second)
  }

  /// Calls `body` with the position of each row in the result, its operands, and how far into their
  /// arrays these lie.
  @inline(__always)
  func forEachRow(
    _ body: (_ at: Int, _ row: BroadcastRow, _ offsets: (first: Int, second: Int)) -> Void
  ) {
    let last = extents.count - 1
    var position = [Int](repeating: 0, count: last)
    var offsets = (first: 0, second: 0)
    for row in 0..<extents.dropLast().reduce(1, *) {
      body(
        row * rowCount,
        BroadcastRow(
          first: first + offsets.first, firstStep: firstStrides[last],
          second: second + offsets.second, secondStep: secondStrides[last], count: rowCount),
        offsets)
      var axis = last - 1
      while axis >= 0 {
        position[axis] += 1
        offsets.first += firstStrides[axis]
        offsets.second += secondStrides[axis]
        if position[axis] < extents[axis] { break }
        offsets.first -= firstStrides[axis] * extents[axis]
        offsets.second -= secondStrides[axis] * extents[axis]
        position[axis] = 0
        axis -= 1
      }
    }
  }
}

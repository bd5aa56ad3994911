import Tensors

/// y = a where a condition is not 0, else b, with NumPy's broadcasting. What is not taken may be
/// anything, NaN included.
public struct Selection: Kernel {
  public let condition: Operand
  public let first: Operand
  public let second: Operand
  public let output: Operand

  public init(condition: Operand, first: Operand, second: Operand, output: Operand) {
    self.condition = condition
    self.first = first
    self.second = second
    self.output = output
  }

  public var reads: [Operand] { [condition, first, second] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (c, y) = (memory.read(condition), memory.write(output))
    let (a, b) = (memory.read(first), memory.read(second))
    let rows = BroadcastRows(output.shape, of: [condition.shape, first.shape, second.shape])
    let (i, j, k) = (rows.steps[0], rows.steps[1], rows.steps[2])
    rows.forEach { at, offsets in
      let (c, a, b) = (c + offsets[0], a + offsets[1], b + offsets[2])
      for index in 0..<rows.count {
        y[at + index] = c[index &* i] != 0 ? a[index &* j] : b[index &* k]
      }
    }
  }
}

/// The cotangent of one of the values that `Selection` chooses from.
public struct SelectionPullback: Kernel {
  public let outputCotangent: Operand
  public let condition: Operand
  public let inputCotangent: Operand
  public let side: BroadcastSide
  public let accumulates: Bool

  public init(
    outputCotangent: Operand, condition: Operand, inputCotangent: Operand, side: BroadcastSide,
    accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.condition = condition
    self.inputCotangent = inputCotangent
    self.side = side
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [outputCotangent, condition] + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let c = memory.read(condition)
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let rows = BroadcastRows(
      outputCotangent.shape, of: [condition.shape, inputCotangent.shape])
    let (i, j) = (rows.steps[0], rows.steps[1])
    let isTaken = side == .first
    rows.forEach { at, offsets in
      let (c, dx) = (c + offsets[0], dx + offsets[1])
      if j == 0 {
        var sum: Float = 0
        for index in 0..<rows.count where (c[index &* i] != 0) == isTaken { sum += dy[at + index] }
        dx.pointee += sum
      } else {
        for index in 0..<rows.count where (c[index &* i] != 0) == isTaken {
          dx[index] += dy[at + index]
        }
      }
    }
  }
}

/// The rows of an array, and where the elements lie that broadcasting puts there.
struct BroadcastRows {
  /// Elements of a row.
  let count: Int
  /// How far each operand advances within a row: one element, or none.
  let steps: [Int]
  private let extents: [Int]
  private let strides: [[Int]]

  init(_ result: Shape, of operands: [Shape]) {
    let rank = max(result.rank, 1)
    extents = result.padded(toRank: rank).extents
    strides = operands.map { shape in
      let padded = shape.padded(toRank: rank)
      return zip(padded.extents, padded.strides).map { $0 == 1 ? 0 : $1 }
    }
    count = extents[rank - 1]
    steps = strides.map { $0[rank - 1] }
  }

  /// Calls `body` with the position of each row, and how far into its array each operand lies.
  func forEach(_ body: (_ at: Int, _ offsets: [Int]) -> Void) {
    let leading = extents.dropLast()
    var position = [Int](repeating: 0, count: leading.count)
    var offsets = [Int](repeating: 0, count: strides.count)
    for row in 0..<leading.reduce(1, *) {
      body(row * count, offsets)
      for axis in leading.indices.reversed() {
        position[axis] += 1
        for index in offsets.indices { offsets[index] += strides[index][axis] }
        if position[axis] < extents[axis] { break }
        for index in offsets.indices { offsets[index] -= strides[index][axis] * extents[axis] }
        position[axis] = 0
      }
    }
  }
}

import Tensors

/// Blocks of an array at given positions of one axis, in the given order.
public struct Gathering: Kernel {
  public let source: Operand
  public let target: Operand
  private let blocks: GatheredBlocks

  /// Traps unless the positions lie inside of the axis and the target has room for just them.
  public init(from source: Operand, to target: Operand, axis: Int, positions: [Int]) {
    self.source = source
    self.target = target
    blocks = GatheredBlocks(of: source.shape, axis: axis, positions: positions)
    precondition(
      target.count == blocks.count, "\(blocks.count) elements do not fit \(target.shape)")
  }

  public var reads: [Operand] { [source] }
  public var writes: [Operand] { [target] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(source), memory.write(target))
    blocks.forEach { from, to, count in (y + to).update(from: x + from, count: count) }
  }
}

/// dx of `Gathering`: each block is added where it came from.
public struct Scattering: Kernel {
  public let outputCotangent: Operand
  public let inputCotangent: Operand
  private let blocks: GatheredBlocks

  public init(
    outputCotangent: Operand, inputCotangent: Operand, axis: Int, positions: [Int]
  ) {
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    blocks = GatheredBlocks(of: inputCotangent.shape, axis: axis, positions: positions)
  }

  public var reads: [Operand] { [outputCotangent, inputCotangent] }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    blocks.forEach { from, to, count in
      for index in 0..<count { dx[from + index] += dy[to + index] }
    }
  }
}

/// Where the blocks lie that are gathered.
private struct GatheredBlocks {
  private let outer: Int
  private let extent: Int
  private let inner: Int
  private let positions: [Int]

  init(of shape: Shape, axis: Int, positions: [Int]) {
    outer = shape.extents[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape.extents[(axis + 1)...].reduce(1, *)
    self.positions = positions
    precondition(
      positions.allSatisfy((0..<extent).contains), "positions beyond an extent of \(extent)")
  }

  var count: Int { outer * positions.count * inner }

  func forEach(_ body: (_ from: Int, _ to: Int, _ count: Int) -> Void) {
    for block in 0..<outer {
      for (index, position) in positions.enumerated() {
        body(
          (block * extent + position) * inner, (block * positions.count + index) * inner, inner)
      }
    }
  }
}

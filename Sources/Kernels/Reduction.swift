import Tensors

/// A function of all values along some axes, with its derivatives.
///
/// Conformers state the mathematics of one line of values next to one another; the kernels gather
/// lines from wherever the axes run.
public protocol Reduction: Sendable {
  /// The function's value for a line, which may be empty.
  static func value(of line: UnsafeBufferPointer<Float>) -> Float

  /// Its derivative for each element of the line, whose value is given.
  static func differentiate(
    _ line: UnsafeBufferPointer<Float>, value: Float, into slopes: UnsafeMutablePointer<Float>)

  /// Whether the derivatives look at the line and the value; where they do not, these need not be
  /// kept, and hold nothing.
  static var slopesReadOperands: Bool { get }
}

/// y = f(x) along some axes.
public struct Reduce<R: Reduction>: Kernel {
  public let input: Operand
  /// One element for each place of the axes that stay, in their order.
  public let output: Operand
  private let lines: ReductionLines

  /// Traps unless the output has as many elements as there are lines along the axes.
  public init(input: Operand, output: Operand, axes: Set<Int>) {
    self.input = input
    self.output = output
    lines = ReductionLines(input.shape, along: axes)
    precondition(output.count == lines.lineCount, "\(lines.lineCount) lines give \(output.shape)")
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }
  public var workspaceByteCount: Int {
    lines.isContiguous ? 0 : lines.tileCount * MemoryLayout<Float>.stride
  }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let count = lines.count
    lines.forEachTile { first, offset, lanes in
      let tile = lines.gathered(x + offset, lanes: lanes, into: memory.scratch)
      for lane in 0..<lanes {
        y[first + lane] = R.value(of: .init(start: tile + lane * count, count: count))
      }
    }
  }
}

/// dx of `Reduce`: dy · ∂y/∂x along each line.
public struct ReducePullback<R: Reduction>: Kernel {
  public let outputCotangent: Operand
  public let input: Operand
  public let output: Operand
  public let inputCotangent: Operand
  public let accumulates: Bool
  private let lines: ReductionLines

  public init(
    outputCotangent: Operand, input: Operand, output: Operand, inputCotangent: Operand,
    axes: Set<Int>, accumulates: Bool
  ) {
    self.outputCotangent = outputCotangent
    self.input = input
    self.output = output
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
    lines = ReductionLines(inputCotangent.shape, along: axes)
  }

  public var reads: [Operand] {
    [outputCotangent] + (R.slopesReadOperands ? [input, output] : [])
      + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }
  /// A tile of values, and one of slopes.
  public var workspaceByteCount: Int { 2 * lines.tileCount * MemoryLayout<Float>.stride }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let (x, y) = (memory.read(input), memory.read(output))
    let slopes = memory.scratch()
    let count = lines.count
    lines.forEachTile { first, offset, lanes in
      var tile = x + offset
      if R.slopesReadOperands {
        tile = lines.gathered(tile, lanes: lanes) { slopes + lines.tileCount }
      }
      for lane in 0..<lanes {
        let line = UnsafeBufferPointer(start: tile + lane * count, count: count)
        let target = slopes + lane * count
        let value = R.slopesReadOperands ? y[first + lane] : 0
        R.differentiate(line, value: value, into: target)
        let factor = dy[first + lane]
        for index in 0..<count { target[index] *= factor }
      }
      lines.scatter(slopes, lanes: lanes, to: dx + offset, accumulates: accumulates)
    }
  }
}

/// The lines of an array that run along several axes at once, some of them side by side as a tile.
private struct ReductionLines {
  /// Neighbouring axes that are all reduced or all kept act as one.
  private struct Block {
    var extent: Int
    var stride: Int
    let isReduced: Bool
  }

  private let reduced: [Block]
  /// Without those that lie side by side in a tile.
  private let kept: [Block]
  private let laneCount: Int
  /// Elements of a line.
  let count: Int
  let lineCount: Int
  /// Whether each line lies in one piece.
  let isContiguous: Bool

  init(_ shape: Shape, along axes: Set<Int>) {
    var blocks: [Block] = []
    let strides = shape.strides
    for (axis, extent) in shape.extents.enumerated() where extent != 1 {
      let isReduced = axes.contains(axis)
      if let last = blocks.last, last.isReduced == isReduced {
        blocks[blocks.count - 1].extent *= extent
        blocks[blocks.count - 1].stride = strides[axis]
      } else {
        blocks.append(Block(extent: extent, stride: strides[axis], isReduced: isReduced))
      }
    }
    reduced = blocks.filter(\.isReduced)
    count = reduced.reduce(1) { $0 * $1.extent }
    lineCount = blocks.filter { !$0.isReduced }.reduce(1) { $0 * $1.extent }
    isContiguous = reduced.isEmpty || reduced.count == 1 && blocks.last?.isReduced == true
    if let last = blocks.last, !last.isReduced {
      laneCount = last.extent
      blocks.removeLast()
    } else {
      laneCount = 1
    }
    kept = blocks.filter { !$0.isReduced }
  }

  /// Lines that are gathered together: enough to use what the cache loads, as long as they fit it.
  private var lanesPerTile: Int { min(laneCount, max(1, min(16, (1 << 16) / max(count, 1)))) }

  /// Elements of a tile.
  var tileCount: Int { lanesPerTile * count }

  /// Calls `body` with the number of each tile's first line, where it begins, and how many lines
  /// there are.
  func forEachTile(_ body: (_ first: Int, _ offset: Int, _ lanes: Int) -> Void) {
    let rows = laneCount == 0 ? 0 : lineCount / laneCount
    var position = [Int](repeating: 0, count: kept.count)
    var offset = 0
    for row in 0..<rows {
      for lane in stride(from: 0, to: laneCount, by: lanesPerTile) {
        body(row * laneCount + lane, offset + lane, min(lanesPerTile, laneCount - lane))
      }
      Self.advance(&position, &offset, over: kept[...])
    }
  }

  /// The lines of a tile, one after the other: where they lie, or in memory that `room` gives.
  func gathered(
    _ source: UnsafePointer<Float>, lanes: Int, into room: () -> UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    if isContiguous { return source }
    let target = room()
    forEachRun { start, offset, length, stride in
      for lane in 0..<lanes {
        let (from, to) = (source + offset + lane, target + lane * count + start)
        for index in 0..<length { to[index] = from[index &* stride] }
      }
    }
    return UnsafePointer(target)
  }

  /// Puts the lines of a tile where they belong.
  func scatter(
    _ tile: UnsafePointer<Float>, lanes: Int, to target: UnsafeMutablePointer<Float>,
    accumulates: Bool
  ) {
    forEachRun { start, offset, length, stride in
      for lane in 0..<lanes {
        let (from, to) = (tile + lane * count + start, target + offset + lane)
        if accumulates {
          for index in 0..<length { to[index &* stride] += from[index] }
        } else {
          for index in 0..<length { to[index &* stride] = from[index] }
        }
      }
    }
  }

  /// Calls `body` with the pieces of a line in which elements are evenly apart.
  @inline(__always)
  private func forEachRun(
    _ body: (_ start: Int, _ offset: Int, _ length: Int, _ stride: Int) -> Void
  ) {
    let length = reduced.last?.extent ?? 1
    let stride = reduced.last?.stride ?? 1
    guard length > 0 else { return }
    // A piece of this length, for all lanes of a tile, stays in the nearest cache.
    let piece = 128
    var position = [Int](repeating: 0, count: max(reduced.count - 1, 0))
    var offset = 0
    for run in 0..<count / length {
      for start in Swift.stride(from: 0, to: length, by: piece) {
        body(
          run * length + start, offset + start * stride, min(piece, length - start), stride)
      }
      Self.advance(&position, &offset, over: reduced.dropLast())
    }
  }

  private static func advance(
    _ position: inout [Int], _ offset: inout Int, over blocks: ArraySlice<Block>
  ) {
    for axis in blocks.indices.reversed() {
      position[axis] += 1
      offset += blocks[axis].stride
      if position[axis] < blocks[axis].extent { return }
      offset -= blocks[axis].stride * blocks[axis].extent
      position[axis] = 0
    }
  }
}

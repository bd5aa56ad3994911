import Tensors

/// A matrix somewhere in memory, rows and columns any distance apart.
struct MatrixView {
  let start: UnsafePointer<Float>
  let rowStride: Int
  let columnStride: Int
}

/// Products of matrices in plain Swift.
///
/// Each element is one sum over the inner dimension in ascending order, whatever the size of the
/// other two: the result for a row does not depend on how many rows there are.
enum Matrices {
  /// Columns per packed panel.
  static let panelWidth = 16

  /// Scalars of scratch memory that `multiply` uses.
  static func scratchCount(depth: Int) -> Int { depth * panelWidth }

  /// target[m, n] = Σₖ a[m, k] · b[k, n], or += where `accumulates`.
  ///
  /// The panel of 16 columns is packed once and meets four rows at a time: eight vector accumulators,
  /// about ten times the speed of three plain loops.
  static func multiply(
    _ a: MatrixView, _ b: MatrixView, rows: Int, columns: Int, depth: Int,
    into target: UnsafeMutablePointer<Float>, targetStride: Int, accumulates: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column < columns {
      let width = min(panelWidth, columns - column)
      pack(b, column: column, width: width, depth: depth, into: scratch)
      var row = 0
      while row < rows {
        let height = min(4, rows - row)
        // Rows beyond the last repeat it; their results are not stored.
        let first = a.start + row * a.rowStride
        let last = a.start + (rows - 1) * a.rowStride
        tile(
          first, min(first + a.rowStride, last), min(first + 2 * a.rowStride, last),
          min(first + 3 * a.rowStride, last), step: a.columnStride, panel: scratch, depth: depth,
          into: target + row * targetStride + column, targetStride: targetStride,
          height: height, width: width, accumulates: accumulates)
        row += height
      }
      column += width
    }
  }

  private static func pack(
    _ b: MatrixView, column: Int, width: Int, depth: Int, into panel: UnsafeMutablePointer<Float>
  ) {
    for k in 0..<depth {
      let source = b.start + k * b.rowStride + column * b.columnStride
      let target = panel + k * panelWidth
      for j in 0..<width { target[j] = source[j * b.columnStride] }
      for j in width..<panelWidth { target[j] = 0 }
    }
  }

  @inline(__always)
  private static func tile(
    _ r0: UnsafePointer<Float>, _ r1: UnsafePointer<Float>, _ r2: UnsafePointer<Float>,
    _ r3: UnsafePointer<Float>, step: Int, panel: UnsafePointer<Float>, depth: Int,
    into target: UnsafeMutablePointer<Float>, targetStride: Int, height: Int, width: Int,
    accumulates: Bool
  ) {
    for half in 0..<2 where half * 8 < width {
      var sum0 = SIMD8<Float>.zero
      var sum1 = SIMD8<Float>.zero
      var sum2 = SIMD8<Float>.zero
      var sum3 = SIMD8<Float>.zero
      for k in 0..<depth {
        let values = UnsafeRawPointer(panel + k * panelWidth + half * 8)
          .load(as: SIMD8<Float>.self)
        let at = k * step
        sum0 += r0[at] * values
        sum1 += r1[at] * values
        sum2 += r2[at] * values
        sum3 += r3[at] * values
      }
      let kept = min(8, width - half * 8)
      store(sum0, to: target + half * 8, count: kept, accumulates: accumulates)
      if height > 1 {
        store(sum1, to: target + targetStride + half * 8, count: kept, accumulates: accumulates)
      }
      if height > 2 {
        store(sum2, to: target + 2 * targetStride + half * 8, count: kept, accumulates: accumulates)
      }
      if height > 3 {
        store(sum3, to: target + 3 * targetStride + half * 8, count: kept, accumulates: accumulates)
      }
    }
  }

  @inline(__always)
  private static func store(
    _ values: SIMD8<Float>, to target: UnsafeMutablePointer<Float>, count: Int, accumulates: Bool
  ) {
    for j in 0..<count {
      target[j] = accumulates ? target[j] + values[j] : values[j]
    }
  }

  /// Σ a[i]·b[i] in sixteen interleaved sums that are added up at the end.
  @inline(__always)
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    var sums = SIMD16<Float>.zero
    var index = 0
    while index + 16 <= count {
      let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
      let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD16<Float>.self)
      sums += x * y
      index += 16
    }
    var sum = sums.sum()
    while index < count {
      sum += a[index] * b[index]
      index += 1
    }
    return sum
  }
}

/// y = x · w (+ bias), a fully connected product, and its backward step.
///
/// The same kernel serves both directions: `transposed` tells whether the weights are stored
/// `[columns, depth]` (rows of `w` are outputs, as Gemm with transB has them) or `[depth, columns]`.
public struct MatrixProduct: Kernel {
  /// `[rows, depth]`
  public let input: Operand
  /// `[depth, columns]`, or `[columns, depth]` where `transposed`.
  public let weights: Operand
  /// `[columns]`, added to every row.
  public let bias: Operand?
  /// `[rows, columns]`
  public let output: Operand
  public let transposed: Bool
  public let accumulates: Bool

  public init(
    input: Operand, weights: Operand, bias: Operand? = nil, output: Operand,
    transposed: Bool, accumulates: Bool = false
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
    self.transposed = transposed
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [input, weights] + (bias.map { [$0] } ?? []) + (accumulates ? [output] : [])
  }
  public var writes: [Operand] { [output] }
  public var workspaceByteCount: Int {
    transposed ? 0 : Matrices.scratchCount(depth: depth) * MemoryLayout<Float>.stride
  }

  private var depth: Int { input.shape[-1] }

  public func run(in memory: Memory) {
    let columns = output.shape[-1]
    let rows = output.count / columns
    let (x, w, y) = (memory.read(input), memory.read(weights), memory.write(output))
    if transposed {
      // A row of weights meets every row of the input while it is in the cache.
      for column in 0..<columns {
        for row in 0..<rows {
          let sum = Matrices.dot(x + row * depth, w + column * depth, count: depth)
          let at = row * columns + column
          y[at] = accumulates ? y[at] + sum : sum
        }
      }
    } else {
      Matrices.multiply(
        MatrixView(start: x, rowStride: depth, columnStride: 1),
        MatrixView(start: w, rowStride: columns, columnStride: 1),
        rows: rows, columns: columns, depth: depth, into: y, targetStride: columns,
        accumulates: accumulates, scratch: memory.scratch())
    }
    guard let bias else { return }
    let b = memory.read(bias)
    for row in 0..<rows {
      for column in 0..<columns { y[row * columns + column] += b[column] }
    }
  }
}

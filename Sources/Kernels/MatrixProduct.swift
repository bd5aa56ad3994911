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
  /// Terms that are added up before they join the total. Short runs keep rounding small: its bound
  /// grows with the length of a run and with their number, not with the product of both.
  static let runLength = 32

  /// Columns per packed panel: two vectors of every processor since 2001, one of most since 2011.
  static let panelWidth = 8

  /// Scalars of scratch memory that `multiply` uses.
  static func scratchCount(depth: Int) -> Int { depth * panelWidth }

  /// target[m, n] = Σₖ a[m, k] · b[k, n], or += where `accumulates`.
  ///
  /// A panel of 8 columns is packed once, stays in the nearest cache and meets four rows at a time:
  /// about fifteen times the speed of three plain loops.
  static func multiply(
    _ a: MatrixView, _ b: MatrixView, rows: Int, columns: Int, depth: Int,
    into target: UnsafeMutablePointer<Float>, targetStride: Int, accumulates: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let lastRow = a.start + (rows - 1) * a.rowStride
    for column in stride(from: 0, to: columns, by: panelWidth) {
      let width = min(panelWidth, columns - column)
      pack(b, column: column, width: width, depth: depth, into: scratch)
      for row in stride(from: 0, to: rows, by: 4) {
        // Rows beyond the last repeat it; their results are not stored.
        let first = a.start + row * a.rowStride
        let sums = tile(
          first, min(first + a.rowStride, lastRow), min(first + 2 * a.rowStride, lastRow),
          min(first + 3 * a.rowStride, lastRow), step: a.columnStride, panel: scratch,
          depth: depth)
        let place = target + row * targetStride + column
        let height = min(4, rows - row)
        store(sums.0, to: place, count: width, accumulates: accumulates)
        guard height > 1 else { continue }
        store(sums.1, to: place + targetStride, count: width, accumulates: accumulates)
        guard height > 2 else { continue }
        store(sums.2, to: place + 2 * targetStride, count: width, accumulates: accumulates)
        guard height > 3 else { continue }
        store(sums.3, to: place + 3 * targetStride, count: width, accumulates: accumulates)
      }
    }
  }

  private static func pack(
    _ b: MatrixView, column: Int, width: Int, depth: Int, into panel: UnsafeMutablePointer<Float>
  ) {
    var source = b.start + column * b.columnStride
    var target = panel
    let isDense = b.columnStride == 1 && width == panelWidth
    for _ in 0..<depth {
      if isDense {
        let row = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
        UnsafeMutableRawPointer(target).storeBytes(of: row, as: SIMD8<Float>.self)
      } else {
        for j in 0..<panelWidth { target[j] = j < width ? source[j &* b.columnStride] : 0 }
      }
      source += b.rowStride
      target += panelWidth
    }
  }

  /// Four rows times one panel. Pointers are advanced rather than indexed: a product with a checked
  /// overflow for every step took a fifth of the time.
  @inline(__always)
  private static func tile(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ third: UnsafePointer<Float>,
    _ fourth: UnsafePointer<Float>, step: Int, panel: UnsafePointer<Float>, depth: Int
  ) -> (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) {
    var (a, b, c, d) = (first, second, third, fourth)
    var values = UnsafeRawPointer(panel)
    var total = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    for start in stride(from: 0, to: depth, by: runLength) {
      var (sumA, sumB) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
      var (sumC, sumD) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
      for _ in start..<min(start + runLength, depth) {
        let column = values.load(as: SIMD8<Float>.self)
        sumA += a.pointee * column
        sumB += b.pointee * column
        sumC += c.pointee * column
        sumD += d.pointee * column
        a += step
        b += step
        c += step
        d += step
        values += MemoryLayout<SIMD8<Float>>.stride
      }
      total.0 += sumA
      total.1 += sumB
      total.2 += sumC
      total.3 += sumD
    }
    return total
  }

  @inline(__always)
  private static func store(
    _ values: SIMD8<Float>, to target: UnsafeMutablePointer<Float>, count: Int, accumulates: Bool
  ) {
    if count == panelWidth {
      let place = UnsafeMutableRawPointer(target)
      let old = accumulates ? place.loadUnaligned(as: SIMD8<Float>.self) : .zero
      place.storeBytes(of: accumulates ? old + values : values, as: SIMD8<Float>.self)
    } else {
      for j in 0..<count { target[j] = accumulates ? target[j] + values[j] : values[j] }
    }
  }

  /// Σ a[i]·b[i] in sixteen interleaved sums that are added up at the end.
  @inline(__always)
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    interleaved(count: count) { index in
      let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
      return x * UnsafeRawPointer(b + index).loadUnaligned(as: SIMD16<Float>.self)
    } rest: {
      a[$0] * b[$0]
    }
  }

  /// Σ a[i] in the same way.
  @inline(__always)
  static func sum(_ a: UnsafePointer<Float>, count: Int) -> Float {
    interleaved(count: count) { index in
      UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
    } rest: {
      a[$0]
    }
  }

  /// Σ of what `block` gives for sixteen positions from one on, and `rest` for each that is left over.
  @inline(__always)
  static func interleaved(
    count: Int, block: (Int) -> SIMD16<Float>, rest: (Int) -> Float
  ) -> Float {
    var sums = SIMD16<Float>.zero
    var index = 0
    while index + 16 <= count {
      sums += block(index)
      index += 16
    }
    var sum = sums.sum()
    while index < count {
      sum += rest(index)
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
    if transposed { return 0 }
    let count = isNarrow ? 2 * output.count : Matrices.scratchCount(depth: depth)
    return count * MemoryLayout<Float>.stride
  }

  private var depth: Int { input.shape[-1] }

  /// So few rows that packing the weights would cost more than it saves.
  private var isNarrow: Bool { output.count < 4 * output.shape[-1] }

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
    } else if isNarrow {
      // The same sums in the same order, with the weights read once and in the order they lie.
      let totals = memory.scratch()
      let run = totals + output.count
      totals.update(repeating: 0, count: output.count)
      for start in stride(from: 0, to: depth, by: Matrices.runLength) {
        run.update(repeating: 0, count: output.count)
        for k in start..<min(start + Matrices.runLength, depth) {
          for row in 0..<rows {
            let (factor, source, target) = (
              x[row * depth + k], w + k * columns, run + row * columns
            )
            for column in 0..<columns { target[column] += factor * source[column] }
          }
        }
        for at in 0..<output.count { totals[at] += run[at] }
      }
      for at in 0..<output.count { y[at] = accumulates ? y[at] + totals[at] : totals[at] }
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

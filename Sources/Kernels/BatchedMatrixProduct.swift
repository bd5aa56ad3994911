import Tensors

/// c = a · b for matrices in the last two axes, once for each place of the axes in front of them.
///
/// Leading axes are repeated where one factor has one element of them, and summed where the target
/// does: with transposed factors, this is its own backward step, da = dc · bᵀ and db = aᵀ · dc.
public struct BatchedMatrixProduct: Kernel {
  /// A factor: `[…, rows, columns]`, or `[…, columns, rows]` where transposed.
  public struct Factor: Sendable, Hashable {
    public let operand: Operand
    public let isTransposed: Bool

    public init(_ operand: Operand, isTransposed: Bool = false) {
      self.operand = operand
      self.isTransposed = isTransposed
    }

    /// The same matrices the other way round.
    public var transposed: Factor { Factor(operand, isTransposed: !isTransposed) }

    var rows: Int { operand.shape[isTransposed ? -1 : -2] }
    var columns: Int { operand.shape[isTransposed ? -2 : -1] }

    func view(_ start: UnsafePointer<Float>) -> MatrixView {
      let width = operand.shape[-1]
      return MatrixView(
        start: start, rowStride: isTransposed ? 1 : width,
        columnStride: isTransposed ? width : 1)
    }
  }

  public let first: Factor
  public let second: Factor
  /// `[…, rows, columns]`
  public let target: Operand
  public let accumulates: Bool

  /// Traps unless all three have the same rank, at least 2, and their last two extents fit.
  ///
  /// - Parameter isTransposed: whether the target is `[…, columns, rows]`.
  public init(
    first: Factor, second: Factor, target: Operand, isTransposed: Bool = false,
    accumulates: Bool = false
  ) {
    // (a · b)ᵀ = bᵀ · aᵀ
    let (first, second) =
      isTransposed ? (second.transposed, first.transposed) : (first, second)
    let rank = target.shape.rank
    precondition(
      rank >= 2 && first.operand.shape.rank == rank && second.operand.shape.rank == rank
        && first.columns == second.rows && target.shape[-2] == first.rows
        && target.shape[-1] == second.columns,
      "\(first.operand.shape) and \(second.operand.shape) do not give \(target.shape)")
    self.first = first
    self.second = second
    self.target = target
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [first.operand, second.operand] + (accumulates ? [target] : [])
  }
  public var writes: [Operand] { [target] }
  public var workspaceByteCount: Int {
    Matrices.scratchCount(depth: first.columns) * MemoryLayout<Float>.stride
  }

  public func run(in memory: Memory) {
    let (a, b) = (memory.read(first.operand), memory.read(second.operand))
    let c = memory.write(target)
    if sums && !accumulates { c.update(repeating: 0, count: target.count) }
    forEachPlace { offsets in
      Matrices.multiply(
        first.view(a + offsets[0]), second.view(b + offsets[1]), rows: first.rows,
        columns: second.columns, depth: first.columns, into: c + offsets[2],
        targetStride: second.columns, accumulates: accumulates || sums, scratch: memory.scratch())
    }
  }

  /// Leading extents of what is multiplied.
  private var leading: [Int] {
    let shapes = [first.operand.shape, second.operand.shape, target.shape]
    return (0..<target.shape.rank - 2).map { axis in shapes.map { $0[axis] }.max() ?? 1 }
  }

  /// Whether the target has one element where several products are made.
  var sums: Bool { zip(leading, target.shape.extents).contains { $0 != $1 } }

  /// Calls `body` with where the matrices of each product begin in both factors and the target.
  func forEachPlace(_ body: (_ offsets: [Int]) -> Void) {
    let extents = leading
    let strides = [first.operand.shape, second.operand.shape, target.shape].map { shape in
      extents.indices.map { shape[$0] == 1 ? 0 : shape.strides[$0] }
    }
    var position = [Int](repeating: 0, count: extents.count)
    var offsets = [0, 0, 0]
    for _ in 0..<extents.reduce(1, *) {
      body(offsets)
      for axis in extents.indices.reversed() {
        position[axis] += 1
        for index in 0..<3 { offsets[index] += strides[index][axis] }
        if position[axis] < extents[axis] { break }
        for index in 0..<3 { offsets[index] -= strides[index][axis] * extents[axis] }
        position[axis] = 0
      }
    }
  }
}

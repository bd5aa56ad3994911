import Tensors

/// dw = xᵀ · dy: the gradient of the weights of a `MatrixProduct`, summed over its rows in order.
public struct MatrixWeightGradient: Kernel {
  /// `[rows, depth]`
  public let input: Operand
  /// `[rows, columns]`
  public let outputCotangent: Operand
  /// `[depth, columns]`, or `[columns, depth]` where `transposed`.
  public let weightsCotangent: Operand
  public let transposed: Bool
  public let accumulates: Bool

  public init(
    input: Operand, outputCotangent: Operand, weightsCotangent: Operand, transposed: Bool,
    accumulates: Bool = false
  ) {
    self.input = input
    self.outputCotangent = outputCotangent
    self.weightsCotangent = weightsCotangent
    self.transposed = transposed
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    [input, outputCotangent] + (accumulates ? [weightsCotangent] : [])
  }
  public var writes: [Operand] { [weightsCotangent] }
  public var workspaceByteCount: Int {
    Matrices.scratchCount(depth: rows) * MemoryLayout<Float>.stride
  }

  private var rows: Int { input.count / max(input.shape[-1], 1) }

  public func run(in memory: Memory) {
    let (depth, columns) = (input.shape[-1], outputCotangent.shape[-1])
    let inputs = MatrixView(start: memory.read(input), rowStride: depth, columnStride: 1)
    let cotangents = MatrixView(
      start: memory.read(outputCotangent), rowStride: columns, columnStride: 1)
    let (first, second) = transposed ? (cotangents, inputs) : (inputs, cotangents)
    let width = transposed ? depth : columns
    Matrices.multiply(
      first.transposed, second, rows: transposed ? columns : depth, columns: width, depth: rows,
      into: memory.write(weightsCotangent), targetStride: width, accumulates: accumulates,
      scratch: memory.scratch())
  }
}

extension MatrixView {
  fileprivate var transposed: MatrixView {
    MatrixView(start: start, rowStride: columnStride, columnStride: rowStride)
  }
}

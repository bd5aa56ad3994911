public import Tensors

/// The few directions that many directions have in common: principal component analysis.
///
/// Of rows D `[N, F]`, less their mean where it is taken off, the components are the eigenvectors
/// of DᵀD, from the largest eigenvalue. F may be large: the work is done on D Dᵀ `[N, N]`, whose
/// eigenvalues are the same, in double precision. A component is determined up to its sign; here its
/// value of largest magnitude, the first of several, is positive. Components of equal eigenvalues
/// may be any basis of what they span.
///
/// Eigenvalues below `resolution` of their sum drown in rounding and are taken for 0. Deterministic.
/// Costs N² F operations; holds 3 N² + K F values and two blocks of rows. A row is asked for about
/// 2 + N / (2 B) times where B rows make a block.
public struct PrincipalDirections: Sendable, Hashable {
  /// Eigenvalues below this part of all eigenvalues' sum count as 0; singular values so are told
  /// down to 3·10⁻⁷.
  public static let resolution = 1e-13

  /// What was taken off each row, `[F]`: the mean, or zeros.
  public let mean: [Double]
  /// `[K, F]`, at most as many as were asked for and as `shares`; of length 1 and at right angles.
  public let components: [[Double]]
  /// `[N, K]`: how far each row, less the mean, reaches along each component.
  public let scores: [[Double]]
  /// For every component there is, also beyond K, its part of `sumOfSquares`, from the largest:
  /// the share of the variance that it explains. Empty where all rows are alike, or, if no mean was
  /// taken off, zero.
  public let shares: [Double]
  /// Of all values, less the mean.
  public let sumOfSquares: Double

  /// Analyses the rows. Throws `DirectionsError`, and what asking for a row throws. Traps on a
  /// negative number.
  ///
  /// - Parameters:
  ///   - leading: K, how many components are wanted.
  ///   - centered: whether the mean is taken off. Without it the first component is mostly the mean.
  ///   - memory: bytes that blocks of rows may take, at least two rows in any case. Changes no bit.
  public init(
    of rows: DirectionRows, leading: Int, centered: Bool = true, memory: Int = 256 << 20
  ) throws {
    precondition(leading >= 0, "there cannot be \(leading) components")
    guard Factorizations.isAvailable else { throw DirectionsError.noLAPACK }
    let count = rows.count
    let block = max(1, min(count, memory / (16 * (rows.length + 1))))
    let mean = centered ? try Self.mean(of: rows) : nil
    var gram = try GramMatrix(of: rows, less: mean, block: block)
    let total = gram.trace
    let values = count == 0 ? [] : try gram.decompose()
    let rank = values.count { $0 > Self.resolution * total }
    let kept = min(leading, rank)
    // LAPACK's columns of eigenvectors stand in ascending order.
    let vectors = (0..<kept).map { gram.products[(count - 1 - $0) * count..<(count - $0) * count] }

    var components = try Self.combinations(of: rows, by: vectors, less: mean, block: block)
    let signs = Self.orthonormalize(&components)
    self.mean = mean ?? [Double](repeating: 0, count: rows.length)
    self.components = components
    scores = (0..<count).map { row in
      (0..<kept).map { k in
        signs[k] * values[count - 1 - k].squareRoot() * vectors[k][vectors[k].startIndex + row]
      }
    }
    shares = values.suffix(rank).reversed().map { $0 / total }
    sumOfSquares = total
  }

  /// A component as single-precision values of some shape, such as `[C, H, W]`. Traps unless the
  /// shape takes F scalars, and outside of `components`.
  public func component(_ index: Int, shape: Shape) -> Tensor {
    Tensor(components[index].map(Float.init), shape: shape)
  }

  private static func mean(of rows: DirectionRows) throws -> [Double] {
    var sum = [Double](repeating: 0, count: rows.length)
    var row = sum
    for index in 0..<rows.count {
      try row.withUnsafeMutableBufferPointer { try rows.read(index, into: $0) }
      for column in sum.indices { sum[column] += row[column] }
    }
    return rows.count == 0 ? sum : sum.map { $0 / Double(rows.count) }
  }

  /// Σᵢ vᵢ xᵢ over the rows x, for each vector v of weights.
  private static func combinations(
    of rows: DirectionRows, by vectors: [ArraySlice<Double>], less mean: [Double]?, block: Int
  ) throws -> [[Double]] {
    guard !vectors.isEmpty else { return [] }
    let held = RowBlock(rows, capacity: block, less: mean)
    var sums = vectors.map { _ in [SIMD2<Double>](repeating: .zero, count: held.stride) }
    for first in stride(from: 0, to: rows.count, by: block) {
      try held.load(first..<min(first + block, rows.count))
      // So many pairs of a block's rows stay in a cache while each component takes from them.
      for column in stride(from: 0, to: held.stride, by: 256) {
        let width = min(256, held.stride - column)
        for (k, vector) in vectors.enumerated() {
          sums[k].withUnsafeMutableBufferPointer { sums in
            for index in held.range {
              let row = held.row(index - first) + column
              let weight = SIMD2(repeating: vector[vector.startIndex + index])
              for pair in 0..<width { sums[column + pair] += weight * row[pair] }
            }
          }
        }
      }
    }
    return sums.map { sums in
      (0..<rows.length).map { sums[$0 / 2][$0 % 2] }
    }
  }

  /// Gives the vectors length 1, takes from each what lies along those before it, which is rounding
  /// alone, and turns them to their sign. Returns the signs that they were multiplied by.
  private static func orthonormalize(_ vectors: inout [[Double]]) -> [Double] {
    var signs: [Double] = []
    for k in vectors.indices {
      var vector = normalized(vectors[k])
      for other in vectors[..<k] {
        let overlap = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        for column in vector.indices { vector[column] -= overlap * other[column] }
      }
      var largest = 0.0
      for value in vector where value.magnitude > largest.magnitude { largest = value }
      signs.append(largest < 0 ? -1 : 1)
      vectors[k] = normalized(vector).map { signs[k] * $0 }
    }
    return signs
  }

  private static func normalized(_ vector: [Double]) -> [Double] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / length }
  }
}

extension GramMatrix {
  /// Ascending eigenvalues; the products become the eigenvectors.
  fileprivate mutating func decompose() throws(DirectionsError) -> [Double] {
    try Factorizations.eigenvalues(replacingByVectors: &products, order: order)
  }
}

/// Which features many directions change, from the one that says most: QR with column pivoting.
///
/// Of the matrix A `[N, F]` with a direction in each row, A P = Q R. The first pivot is the feature
/// with the largest norm; each next one the feature with the most left once all that the features
/// before it account for is taken off (Businger, Golub: Linear Least Squares Solutions by
/// Householder Transformations, 1965). So two features that always change together count once.
///
/// For moderate F, of which N · F values are held; `DirectionFeatures` makes few of many pixels.
/// Costs about 4 N F min(N, F) operations. Deterministic; of equal features the first comes first.
public struct RankRevealingFactorization: Sendable, Hashable {
  /// What a feature's values are divided by before they are compared with those of others.
  public enum Scaling: Sendable, Hashable {
    /// Nothing: what is large is important.
    case none
    /// Their standard deviation over the directions, for features of unlike units. One that is the
    /// same in all directions becomes zero.
    case deviation
    /// Given numbers, one for each feature, such as its deviation over the pictures. By 0 becomes
    /// zero.
    case divisors([Double])
  }

  /// All F features, counted from 0, the first pivot first. Those behind the rank have no order
  /// that means anything.
  public let pivots: [Int]
  /// |R_kk| for the first min(N, F) pivots: what a feature's norm adds to those before it. Does not
  /// increase, but for rounding.
  public let diagonal: [Double]
  /// For as many pivots, the part of the sum of all squares that linear combinations of them and
  /// those before account for, 0...1. All 1 where all values are zero.
  public let explained: [Double]
  /// Of the scaled matrix, min(N, F) of them, from the largest.
  public let singularValues: [Double]

  /// Factorizes the matrix with these rows. Throws `DirectionsError`. Traps unless the rows are of
  /// one length, and divisors, where there are any, as many as features.
  public init(of rows: [[Double]], scaling: Scaling = .none) throws(DirectionsError) {
    let columns = rows.first?.count ?? 0
    precondition(rows.allSatisfy { $0.count == columns }, "directions have equally many features")
    if let row = rows.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw .notFinite(row: row)
    }
    guard Factorizations.isAvailable else { throw .noLAPACK }
    let divisors = Self.divisors(scaling, of: rows, columns: columns)
    var matrix: [Double] = []
    matrix.reserveCapacity(rows.count * columns)
    for column in 0..<columns {
      let divisor = divisors?[column] ?? 1
      for row in rows { matrix.append(divisor == 0 ? 0 : row[column] / divisor) }
    }
    guard !matrix.isEmpty else {
      (pivots, diagonal, explained, singularValues) = (Array(0..<columns), [], [], [])
      return
    }
    pivots = try Factorizations.pivots(
      replacingByTriangle: &matrix, rows: rows.count, columns: columns)
    let triangle = Self.triangle(in: matrix, rows: rows.count, columns: columns)
    let order = min(rows.count, columns)
    diagonal = (0..<order).map { triangle[$0 * order + $0].magnitude }
    explained = Self.explained(by: triangle, order: order, columns: columns)
    // Q turns nothing but rows, so R has the singular values of A.
    singularValues = try Factorizations.singularValues(of: triangle, rows: order, columns: columns)
  }

  /// How many features are independent: those with |R_kk| of at least `tolerance` · |R_11|.
  ///
  /// The default suits values of double precision. Directions that were computed in single
  /// precision differ by 10⁻⁷ of themselves from what they stand for: take 10⁻⁵ for them, or less
  /// than the directions' own residual is counted as independent.
  public func rank(tolerance: Double = 1e-10) -> Int {
    guard let first = diagonal.first, first > 0 else { return 0 }
    return diagonal.count { $0 >= tolerance * first }
  }

  /// The largest singular value by the smallest: how near the matrix is to a smaller rank. Infinite,
  /// or as large as rounding makes it, where the rank is less than min(N, F); 1 without any values.
  public var conditionNumber: Double {
    guard let largest = singularValues.first, let smallest = singularValues.last else { return 1 }
    return smallest > 0 ? largest / smallest : .infinity
  }

  private static func divisors(
    _ scaling: Scaling, of rows: [[Double]], columns: Int
  ) -> [Double]? {
    switch scaling {
    case .none: return nil
    case .divisors(let divisors):
      precondition(
        rows.isEmpty || divisors.count == columns,
        "\(columns) features take as many divisors, got \(divisors.count)")
      return divisors
    case .deviation:
      let count = Double(rows.count)
      return (0..<columns).map { column in
        let mean = rows.reduce(0) { $0 + $1[column] } / count
        let squares = rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) }
        let deviation = (squares / count).squareRoot()
        // What is left of equal values is rounding of their mean.
        return deviation <= 1e-14 * mean.magnitude ? 0 : deviation
      }
    }
  }

  /// R `[min(N, F), F]` column by column, zeros below its diagonal.
  private static func triangle(in matrix: [Double], rows: Int, columns: Int) -> [Double] {
    let order = min(rows, columns)
    var triangle = [Double](repeating: 0, count: order * columns)
    for column in 0..<columns {
      for row in 0...min(column, order - 1) {
        triangle[column * order + row] = matrix[column * rows + row]
      }
    }
    return triangle
  }

  /// Row k of R is what pivot k adds to all features.
  private static func explained(by triangle: [Double], order: Int, columns: Int) -> [Double] {
    let added = (0..<order).map { row in
      (0..<columns).reduce(0.0) { sum, column in
        sum + triangle[column * order + row] * triangle[column * order + row]
      }
    }
    let total = added.reduce(0, +)
    var sum = 0.0
    return added.map { added in
      sum += added
      return total > 0 ? min(sum / total, 1) : 1
    }
  }
}

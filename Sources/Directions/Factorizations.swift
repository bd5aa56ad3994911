#if TIDEMARK_LAPACK
  import CLAPACK
#endif

/// The factorizations that come from LAPACK, where it is installed.
///
/// All matrices are column by column. With the reference LAPACK results are the same bits from run
/// to run; a library with threads of its own may round otherwise when their number changes.
public enum Factorizations {
  /// Whether the program was built with LAPACK. Without it principal directions and rank-revealing
  /// factorizations throw `DirectionsError.noLAPACK`.
  public static var isAvailable: Bool {
    #if TIDEMARK_LAPACK
      true
    #else
      false
    #endif
  }

  /// Eigenvalues in ascending order; the symmetric matrix `[N, N]` is replaced by the eigenvectors,
  /// a column of length 1 for each. By divide and conquer (`dsyevd`), in about 9 N³ operations.
  static func eigenvalues(
    replacingByVectors matrix: inout [Double], order: Int
  ) throws(DirectionsError) -> [Double] {
    #if TIDEMARK_LAPACK
      let n = try counts(order, order).rows
      var values = [Double](repeating: 0, count: order)
      try solved(
        "dsyevd",
        LAPACKE_dsyevd(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "V")), lower, n, &matrix, n, &values))
      return values
    #else
      throw .noLAPACK
    #endif
  }

  /// The matrix `[rows, columns]` is replaced by R of A P = Q R on and above its diagonal. Returns
  /// the columns, counted from 0, in the order that P puts them.
  ///
  /// The next pivot is the column with the largest norm that is left (`dgeqp3`; Businger, Golub:
  /// Linear Least Squares Solutions by Householder Transformations, 1965).
  static func pivots(
    replacingByTriangle matrix: inout [Double], rows: Int, columns: Int
  ) throws(DirectionsError) -> [Int] {
    #if TIDEMARK_LAPACK
      let (m, n) = try counts(rows, columns)
      var pivots = [tm_lapack_int](repeating: 0, count: columns)
      var reflectors = [Double](repeating: 0, count: min(rows, columns))
      try solved(
        "dgeqp3", LAPACKE_dgeqp3(LAPACK_COL_MAJOR, m, n, &matrix, m, &pivots, &reflectors))
      return pivots.map { Int($0) - 1 }
    #else
      throw .noLAPACK
    #endif
  }

  /// The singular values of a matrix `[rows, columns]`, from the largest (`dgesdd`).
  static func singularValues(
    of matrix: [Double], rows: Int, columns: Int
  ) throws(DirectionsError) -> [Double] {
    #if TIDEMARK_LAPACK
      let (m, n) = try counts(rows, columns)
      var matrix = matrix
      var values = [Double](repeating: 0, count: min(rows, columns))
      // Vectors are neither asked for nor written.
      var left = [0.0]
      var right = [0.0]
      try solved(
        "dgesdd",
        LAPACKE_dgesdd(
          LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "N")), m, n, &matrix, m, &values,
          &left, m, &right, n))
      return values
    #else
      throw .noLAPACK
    #endif
  }

  #if TIDEMARK_LAPACK
    private static let lower = CChar(bitPattern: UInt8(ascii: "L"))

    private static func counts(
      _ rows: Int, _ columns: Int
    ) throws(DirectionsError) -> (rows: tm_lapack_int, columns: tm_lapack_int) {
      // The products bound the sizes of LAPACK's workspaces too.
      let longest = max(rows, columns)
      let (area, overflow) = longest.multipliedReportingOverflow(by: min(rows, columns))
      guard !overflow, area <= Int(Int32.max) / 4, let m = tm_lapack_int(exactly: rows),
        let n = tm_lapack_int(exactly: columns)
      else { throw .tooLarge(rows: rows, columns: columns) }
      return (m, n)
    }

    private static func solved(
      _ routine: String, _ code: tm_lapack_int
    ) throws(DirectionsError) {
      guard code == 0 else { throw .notSolved(routine: routine, code: Int(code)) }
    }
  #endif
}

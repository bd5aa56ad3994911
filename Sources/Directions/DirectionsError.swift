/// Why directions cannot be analysed.
public enum DirectionsError: Error, Sendable, Hashable {
  /// The program was built without LAPACK.
  case noLAPACK
  /// LAPACK's routine did not arrive at an answer, and said so by a number other than 0.
  case notSolved(routine: String, code: Int)
  /// A row, counted from 0, holds a value that is infinite or no number.
  case notFinite(row: Int)
  /// A matrix is larger than LAPACK's 32-bit counts.
  case tooLarge(rows: Int, columns: Int)
}

extension DirectionsError: CustomStringConvertible {
  /// One sentence: what is wrong, and what can be done.
  public var description: String {
    switch self {
    case .noLAPACK:
      """
      principal directions and rank-revealing factorizations need LAPACK, and this program was \
      built without it; install its headers (Debian, Ubuntu: sudo apt-get install liblapacke-dev) \
      and build again with TIDEMARK_LAPACK=1
      """
    case .notSolved(let routine, let code):
      "LAPACK's \(routine) found no answer (code \(code)); the directions may differ too much in size"
    case .notFinite(let row):
      "direction \(row + 1) holds a value that is infinite or no number; leave it out"
    case .tooLarge(let rows, let columns):
      "\(rows) directions with \(columns) features are more than LAPACK counts; take fewer"
    }
  }
}

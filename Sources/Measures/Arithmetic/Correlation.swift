/// Pearson's correlation.
enum Correlation {
  /// Nil where either side does not vary.
  static func of(_ a: [Double], and b: [Double]) -> Double? {
    precondition(a.count == b.count, "\(a.count) values against \(b.count)")
    guard a.count > 1 else { return nil }
    let (meanA, meanB) = (
      a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count)
    )
    var (both, squareA, squareB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      both += (x - meanA) * (y - meanB)
      squareA += (x - meanA) * (x - meanA)
      squareB += (y - meanB) * (y - meanB)
    }
    // What rounding leaves of equal values is no variation.
    func varies(_ values: [Double], _ square: Double) -> Bool {
      square > 1e-24 * values.reduce(0) { $0 + $1 * $1 }
    }
    guard varies(a, squareA), varies(b, squareB) else { return nil }
    // Rounding may lead a little beyond.
    return min(max(both / (squareA * squareB).squareRoot(), -1), 1)
  }
}

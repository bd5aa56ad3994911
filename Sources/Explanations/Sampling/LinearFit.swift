/// Weighted least squares with few unknowns, built up row by row in double precision.
///
/// Rows come in units (such as a coalition and its complement) that are independent of one another;
/// the errors of the solution follow from the residuals of whole units.
struct LinearFit {
  let unknowns: Int
  /// Added to the diagonal of the first `penalized` unknowns.
  let ridge: Double
  let penalized: Int
  /// Σ w·a·aᵀ, row by row, and Σ w·a·y.
  private var matrix: [Double]
  private var right: [Double]

  init(unknowns: Int, ridge: Double = 0, penalized: Int? = nil) {
    self.unknowns = unknowns
    self.ridge = ridge
    self.penalized = penalized ?? unknowns
    matrix = [Double](repeating: 0, count: unknowns * unknowns)
    right = [Double](repeating: 0, count: unknowns)
  }

  mutating func add(_ row: [Double], value: Double, weight: Double) {
    for i in 0..<unknowns where row[i] != 0 {
      let scaled = weight * row[i]
      right[i] += scaled * value
      for j in 0...i { matrix[i * unknowns + j] += scaled * row[j] }
    }
  }

  /// The lower factor L of the matrix, L·Lᵀ; nil where the rows leave an unknown undetermined.
  private var factor: [Double]? {
    var l = matrix
    let n = unknowns
    for i in 0..<penalized { l[i * n + i] += ridge }
    let largest = (0..<n).map { l[$0 * n + $0] }.max() ?? 0
    for j in 0..<n {
      for i in j..<n {
        var sum = l[i * n + j]
        for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
        if i == j {
          guard sum > 1e-12 * largest else { return nil }
          l[j * n + j] = sum.squareRoot()
        } else {
          l[i * n + j] = sum / l[j * n + j]
        }
      }
    }
    return l
  }

  private func solve(_ l: [Double], _ right: [Double]) -> [Double] {
    let n = unknowns
    var x = right
    for i in 0..<n {
      for k in 0..<i { x[i] -= l[i * n + k] * x[k] }
      x[i] /= l[i * n + i]
    }
    for i in (0..<n).reversed() {
      for k in i + 1..<max(n, i + 1) { x[i] -= l[k * n + i] * x[k] }
      x[i] /= l[i * n + i]
    }
    return x
  }

  /// The solution; nil where the rows leave an unknown undetermined.
  var solution: [Double]? { factor.map { solve($0, right) } }

  /// The covariance `[unknowns, unknowns]` of a solution, row by row, by the residuals of each unit:
  /// A⁻¹ (Σ g·gᵀ) A⁻¹ with g = Σ w·a·r over a unit's rows.
  func covariance(ofUnits residuals: [[Double]]) -> [Double]? {
    guard let l = factor else { return nil }
    let n = unknowns
    var result = [Double](repeating: 0, count: n * n)
    for residual in residuals {
      let moved = solve(l, residual)
      for i in 0..<n {
        for j in 0..<n { result[i * n + j] += moved[i] * moved[j] }
      }
    }
    return result
  }
}

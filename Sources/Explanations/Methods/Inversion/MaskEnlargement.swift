/// Bilinear enlargement of a coarse mask to the picture's size, and its adjoint.
///
/// Half-pixel centres and continued edges, as frameworks enlarge maps (`align_corners` off) and as
/// maps are drawn. In double precision; a pass over the picture each.
struct MaskEnlargement {
  /// A place of the result lies between two places of the source, the second's share being `part`.
  private struct Place {
    let first: Int
    let second: Int
    let part: Double
  }

  let rows: Int
  let columns: Int
  private let vertical: [Place]
  private let horizontal: [Place]

  init(rows: Int, columns: Int, height: Int, width: Int) {
    func axis(_ from: Int, _ to: Int) -> [Place] {
      (0..<to).map { index in
        let center = (Double(index) + 0.5) * Double(from) / Double(to) - 0.5
        let place = min(max(center, 0), Double(from - 1))
        let first = min(Int(place), from - 1)
        return Place(
          first: first, second: min(first + 1, from - 1), part: place - Double(first))
      }
    }
    self.rows = rows
    self.columns = columns
    vertical = axis(rows, height)
    horizontal = axis(columns, width)
  }

  var height: Int { vertical.count }
  var width: Int { horizontal.count }

  /// `[rows · columns]` → `[height · width]`
  func callAsFunction(_ map: [Double]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(vertical.count * horizontal.count)
    var line = [Double](repeating: 0, count: columns)
    for y in vertical {
      let (upper, lower) = (y.first * columns, y.second * columns)
      for column in 0..<columns {
        line[column] =
          map[upper + column] + y.part * (map[lower + column] - map[upper + column])
      }
      for x in horizontal {
        result.append(line[x.first] + x.part * (line[x.second] - line[x.first]))
      }
    }
    return result
  }

  /// The gradient at the coarse map for one at the enlarged map: `[height · width]` →
  /// `[rows · columns]`.
  func adjoint(_ gradient: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    var line = [Double](repeating: 0, count: columns)
    for (row, y) in vertical.enumerated() {
      for column in 0..<columns { line[column] = 0 }
      let start = row * horizontal.count
      for (column, x) in horizontal.enumerated() {
        let value = gradient[start + column]
        line[x.first] += (1 - x.part) * value
        line[x.second] += x.part * value
      }
      for column in 0..<columns {
        result[y.first * columns + column] += (1 - y.part) * line[column]
        result[y.second * columns + column] += y.part * line[column]
      }
    }
    return result
  }
}

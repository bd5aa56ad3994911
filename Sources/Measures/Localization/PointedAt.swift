import Imaging

/// A region that the strongest position should lie in.
struct PointedAt {
  /// Whether each position lies in it, row by row.
  let region: [Bool]
  let size: PixelSize
  /// How far off a position may lie, in pixels.
  let margin: Int

  init(_ region: [Bool], size: PixelSize, margin: Int) {
    self.region = region
    self.size = size
    self.margin = margin
  }

  static let parameters = [
    "margin": "how far off the strongest position may lie, in pixels of the input"
  ]

  /// The part of the strongest positions that lie in the region.
  func hits(of map: Image<Float>) -> MeasuredValue {
    let strongest = map.range.high
    let places = map.samples.indices.filter { map.samples[$0] == strongest }
    let hits = places.count { contains($0) }
    return MeasuredValue(Double(hits) / Double(places.count))
  }

  private func contains(_ place: Int) -> Bool {
    if region[place] || margin == 0 { return region[place] }
    let (x, y) = (place % size.width, place / size.width)
    for row in max(y - margin, 0)...min(y + margin, size.height - 1) {
      for column in max(x - margin, 0)...min(x + margin, size.width - 1)
      where region[row * size.width + column] {
        let (dx, dy) = (column - x, row - y)
        if dx * dx + dy * dy <= margin * margin { return true }
      }
    }
    return false
  }
}

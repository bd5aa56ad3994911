/// Room for some neighbouring rows of double precision, each less a mean.
///
/// Rows are padded with zeros to whole pairs of values, and their number to whole quads, so that
/// loops over pairs and quads need no ends of their own.
final class RowBlock {
  typealias Pair = SIMD2<Double>

  /// The rows that are held.
  private(set) var range = 0..<0
  /// Pairs from a row to the next.
  let stride: Int
  private let rows: DirectionRows
  private let mean: [Double]?
  private let start: UnsafeMutablePointer<Pair>

  /// Room for `capacity` rows.
  init(_ rows: DirectionRows, capacity: Int, less mean: [Double]?) {
    self.rows = rows
    self.mean = mean
    stride = (rows.length + 1) / 2
    let quads = max((capacity + 3) / 4, 1)
    start = .allocate(capacity: 4 * quads * stride)
    start.initialize(repeating: .zero, count: 4 * quads * stride)
  }

  deinit { start.deallocate() }

  /// The first pair of the row at a place within the block.
  func row(_ place: Int) -> UnsafeMutablePointer<Pair> { start + place * stride }

  /// Reads rows unless they are held already. Those behind them in the last quad keep what was there.
  func load(_ range: Range<Int>) throws {
    guard range != self.range else { return }
    self.range = 0..<0
    for index in range {
      let place = index - range.lowerBound
      try row(place).withMemoryRebound(to: Double.self, capacity: 2 * stride) { values in
        let target = UnsafeMutableBufferPointer(start: values, count: rows.length)
        try rows.read(index, into: target)
        guard let mean else { return }
        for (column, center) in mean.enumerated() { target[column] -= center }
      }
    }
    self.range = range
  }
}

public import Tensors

/// The regions of a picture in the order of what a method says of each, and which of them it keeps.
public struct RegionRanking: Sendable, Equatable {
  /// The regions' shapes.
  public let regions: Regions
  /// What the values are called.
  public let columns: [String]
  /// One for each region, the first rank first.
  public let rows: [Row]
  /// How many of the first ranks are kept: what the method shows of the picture.
  public let keptCount: Int

  /// A region and what is known of it.
  public struct Row: Sendable, Equatable {
    /// Its number among the regions.
    public let region: Int
    /// One for each column.
    public let values: [Double]

    public init(region: Int, values: [Double]) {
      self.region = region
      self.values = values
    }
  }

  /// Traps unless each region has a row, and each row a value for each column.
  public init(_ regions: Regions, columns: [String], rows: [Row], keptCount: Int) {
    precondition(
      rows.count == regions.count && Set(rows.map(\.region)) == Set(0..<regions.count),
      "a row for each region")
    precondition(rows.allSatisfy { $0.values.count == columns.count }, "a value for each column")
    precondition((0...rows.count).contains(keptCount), "\(keptCount) of \(rows.count) kept")
    self.regions = regions
    self.columns = columns
    self.rows = rows
    self.keptCount = keptCount
  }

  /// The rank of each position's region, 1 for the first: `[1, H, W]`.
  public var ranks: Tensor {
    var ranks = [Double](repeating: 0, count: rows.count)
    for (rank, row) in rows.enumerated() { ranks[row.region] = Double(rank + 1) }
    return regions.map(ranks)
  }
}

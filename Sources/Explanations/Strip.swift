public import Tensors

/// Maps side by side that show more of an answer than its map does: how it came about, or what it is
/// made of; with a table of what is known of each.
public struct Strip: Sendable, Equatable {
  /// One of the maps.
  public struct Frame: Sendable, Equatable {
    /// What it shows, in few words.
    public let title: String
    /// One for each column of the table.
    public let values: [Double]

    public init(_ title: String, values: [Double]) {
      self.title = title
      self.values = values
    }
  }

  /// For names of files, such as `trace`.
  public let name: String
  /// `[F, h, w]`: a map of one value for each position, for each frame, covering the whole input.
  public let maps: Tensor
  public let sign: AttributionMap.Sign
  /// What the values of the frames are called.
  public let columns: [String]
  public let frames: [Frame]

  /// Traps unless each frame has a map and as many values as there are columns.
  public init(
    _ name: String, maps: Tensor, sign: AttributionMap.Sign, columns: [String], frames: [Frame]
  ) {
    precondition(
      maps.shape.rank == 3 && maps.shape[0] == frames.count,
      "\(frames.count) frames with maps of \(maps.shape)")
    precondition(
      frames.allSatisfy { $0.values.count == columns.count }, "a value for each column")
    self.name = name
    self.maps = maps
    self.sign = sign
    self.columns = columns
    self.frames = frames
  }

  /// The map of a frame, `[1, h, w]`.
  public func map(ofFrame index: Int) -> AttributionMap {
    AttributionMap(maps.items(index..<index + 1), sign: sign)
  }
}

public import Tensors

/// How alike two maps are, value by value and whatever their scale.
public struct MapSimilarity: Sendable, Hashable, Codable {
  /// Of the angle between them, −1...1.
  public let cosine: Double
  /// Spearman's correlation of ranks, −1...1; equal values share theirs.
  public let rank: Double
  /// The distance between the maps at length 1, 0...2.
  public let distance: Double

  /// Nil where a map is zero, the same everywhere or not finite. Traps unless the counts agree.
  public init?(_ a: Tensor, _ b: Tensor) {
    let size = (a.dot(a) * b.dot(b)).squareRoot()
    guard size > 0, size.isFinite,
      let rank = Ranks.correlation(of: a.scalars, and: b.scalars)
    else { return nil }
    cosine = min(max(a.dot(b) / size, -1), 1)
    self.rank = rank
    distance = (2 - 2 * cosine).squareRoot()
  }

  /// The mean over several, or nil.
  public static func mean(of similarities: [MapSimilarity]) -> MapSimilarity? {
    guard !similarities.isEmpty else { return nil }
    func mean(_ value: (MapSimilarity) -> Double) -> Double {
      similarities.reduce(0) { $0 + value($1) } / Double(similarities.count)
    }
    return MapSimilarity(
      cosine: mean(\.cosine), rank: mean(\.rank), distance: mean(\.distance))
  }

  /// The mean over all pairs of maps; nil where no pair can be compared.
  public static func mean(amongPairsOf maps: [Tensor]) -> MapSimilarity? {
    mean(
      of: maps.indices.flatMap { first in
        maps[(first + 1)...].compactMap { MapSimilarity(maps[first], $0) }
      })
  }

  private init(cosine: Double, rank: Double, distance: Double) {
    self.cosine = cosine
    self.rank = rank
    self.distance = distance
  }
}

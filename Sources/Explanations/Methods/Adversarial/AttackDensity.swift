import Tensors

/// How much of an attack falls on each region.
struct AttackDensity {
  let regions: Regions
  /// Positions of each region.
  private(set) var sizes: [Int]
  /// Active positions of each region.
  private(set) var frequencies: [Int]
  /// Summed sizes of the change at a region's active positions, as multiples of the picture's mean.
  private(set) var weights: [Double]

  /// - Parameters:
  ///   - isActive: one for each position.
  ///   - strengths: how large the change is at each position.
  init(_ regions: Regions, isActive: [Bool], strengths: [Double]) {
    self.regions = regions
    sizes = [Int](repeating: 0, count: regions.count)
    frequencies = sizes
    weights = [Double](repeating: 0, count: regions.count)
    for (place, region) in regions.labels.enumerated() {
      sizes[region] += 1
      if isActive[place] {
        frequencies[region] += 1
        weights[region] += strengths[place]
      }
    }
    let mean = strengths.reduce(0, +) / Double(strengths.count)
    weights = weights.map { mean > 0 ? $0 / mean : 0 }
  }

  /// The part of each region that is active, 0...1.
  var intensities: [Double] { zip(frequencies, sizes).map { Double($0) / Double($1) } }

  /// The same, weighted by the size of the change: 1 where it is as large as in the picture on average.
  var weightedIntensities: [Double] { zip(weights, sizes).map { $0 / Double($1) } }

  /// Regions by falling score, of equal ones the first; all that score as much as one of the `limit`
  /// largest are kept, but for those without any active position.
  func ranking(by scores: [Double], keeping limit: Int) -> RegionRanking {
    let (intensities, weighted) = (intensities, weightedIntensities)
    let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
    let least = order.isEmpty ? 0 : scores[order[min(limit, order.count) - 1]]
    return RegionRanking(
      regions, columns: ["size", "frequency", "intensity", "weightedIntensity"],
      rows: order.map { region in
        RegionRanking.Row(
          region: region,
          values: [
            Double(sizes[region]), Double(frequencies[region]), intensities[region],
            weighted[region],
          ])
      }, keptCount: order.count { scores[$0] >= least && scores[$0] > 0 })
  }
}

import Imaging

/// Sums of a map over a region and over everything, in double precision.
struct MapEnergy {
  /// Σ max(z, 0) in the region, and everywhere.
  private(set) var positiveInside = 0.0
  private(set) var positive = 0.0
  /// Σ |z| everywhere.
  private(set) var total = 0.0
  /// How many positions are above zero in the region, and outside.
  private(set) var positionsInside = 0
  private(set) var positionsOutside = 0
  /// How many positions the region has.
  private(set) var area = 0

  /// - Parameter region: whether each position, row by row, lies in it.
  init(_ map: Image<Float>, in region: [Bool]) {
    precondition(region.count == map.size.area, "a region of another size")
    map.withSamples { values in
      for (value, isInside) in zip(values, region) {
        area += isInside ? 1 : 0
        total += Double(value.magnitude)
        guard value > 0 else { continue }
        positive += Double(value)
        if isInside {
          positiveInside += Double(value)
          positionsInside += 1
        } else {
          positionsOutside += 1
        }
      }
    }
  }

  var positivePart: MeasuredValue {
    MeasuredValue(
      positive > 0 ? positiveInside / positive : nil,
      orUndefined: "the map has no positive part")
  }
}

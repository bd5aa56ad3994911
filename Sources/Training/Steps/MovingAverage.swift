/// Weights and statistics averaged over the steps, the latest counting most.
///
/// A step keeps `decay` of the average, less in the beginning: (1 + step) / (10 + step).
struct MovingAverage {
  let decay: Float
  var values: [Float]
  var statistics: [Float]
  /// What a coupling bound goes on from; empty without one.
  var directions: [Float] = []

  /// - Parameter step: counted from 1.
  mutating func follow(
    _ values: UnsafeMutableBufferPointer<Float>, _ statistics: UnsafeMutableBufferPointer<Float>,
    step: Int
  ) {
    let kept = min(decay, Float(1 + step) / Float(10 + step))
    Self.follow(&self.values, values, kept: kept)
    Self.follow(&self.statistics, statistics, kept: kept)
  }

  /// Brings gains above the bound down to it, as they are with the averaged weights and statistics.
  mutating func hold(_ bound: CouplingBound, isLast: Bool) {
    values.withUnsafeMutableBufferPointer { values in
      statistics.withUnsafeBufferPointer { statistics in
        bound.hold(
          values: values, statistics: statistics, directions: &directions, isLast: isLast)
      }
    }
  }

  private static func follow(
    _ average: inout [Float], _ values: UnsafeMutableBufferPointer<Float>, kept: Float
  ) {
    average.withUnsafeMutableBufferPointer { average in
      for index in average.indices {
        average[index] = kept * average[index] + (1 - kept) * values[index]
      }
    }
  }
}

/// Weights and statistics averaged over the steps, the latest counting most.
///
/// A step keeps `decay` of the average, less in the beginning: (1 + step) / (10 + step).
struct MovingAverage {
  let decay: Float
  var values: [Float]
  var statistics: [Float]

  /// - Parameter step: counted from 1.
  mutating func follow(
    _ values: UnsafeMutableBufferPointer<Float>, _ statistics: UnsafeMutableBufferPointer<Float>,
    step: Int
  ) {
    let kept = min(decay, Float(1 + step) / Float(10 + step))
    Self.follow(&self.values, values, kept: kept)
    Self.follow(&self.statistics, statistics, kept: kept)
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

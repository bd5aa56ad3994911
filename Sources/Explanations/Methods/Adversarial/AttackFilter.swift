import Tensors

/// Which positions an attack changes most: those of the lowest and highest values of any channel.
struct AttackFilter {
  /// Of each channel, what lies below this percentile or not below that of 100 less is kept; 0...50.
  let percentile: Double

  /// What is kept of a change `[1, C, H, W]`.
  struct Kept {
    /// One for each position.
    let isActive: [Bool]
    /// Channels whose values are all the same; there is nothing to choose in them.
    let constantChannels: Int
  }

  /// A position is active where a value other than 0 is kept in any channel.
  ///
  /// The published code adds up the channels instead, where kept values could cancel.
  func kept(of change: Tensor) -> Kept {
    let (channels, plane) = (change.shape[1], change.shape[2] * change.shape[3])
    var isActive = [Bool](repeating: false, count: plane)
    var constantChannels = 0
    change.withScalars { values in
      for channel in 0..<channels {
        let values = UnsafeBufferPointer(rebasing: values[channel * plane..<(channel + 1) * plane])
        let (low, high) = thresholds(of: values)
        if low == high, values.allSatisfy({ $0 == values[0] }) { constantChannels += 1 }
        for place in 0..<plane {
          let value = Double(values[place])
          if value != 0, value < low || value >= high { isActive[place] = true }
        }
      }
    }
    return Kept(isActive: isActive, constantChannels: constantChannels)
  }

  /// The two percentiles, interpolated between ranks.
  func thresholds(of values: some Collection<Float>) -> (low: Double, high: Double) {
    let sorted = values.sorted()
    func value(at percentile: Double) -> Double {
      let place = percentile / 100 * Double(sorted.count - 1)
      let below = Int(place)
      let (a, b) = (Double(sorted[below]), Double(sorted[min(below + 1, sorted.count - 1)]))
      return a + (b - a) * (place - Double(below))
    }
    return (value(at: percentile), value(at: 100 - percentile))
  }
}

public import Explanations
import Imaging
import Tensors

/// By which number the positions of a map are ranked.
public enum Ranking: String, NamedOption {
  /// Channels added up, signs kept: what speaks against the fact comes last.
  case value
  /// Magnitudes over all channels added up: what speaks against the fact counts as much as what
  /// speaks for it.
  case magnitude
}

/// Positions by falling value, equal ones in a random order.
enum PositionOrder {
  /// All positions. The order among equal values is a permutation keyed by the seed: in the order
  /// of rows, a map with large equal parts would be judged by where the picture's rows begin.
  static func falling(_ values: [Float], seed: UInt64) -> [Int] {
    var sequence = CounterRandom(seed: seed, stream: MeasureStream.ties).sequence(sample: 0)
    var keys = Array(0..<UInt32(values.count))
    keys.shuffle(using: &sequence)
    return values.withUnsafeBufferPointer { values in
      values.indices.sorted { a, b in
        values[a] != values[b] ? values[a] > values[b] : keys[a] < keys[b]
      }
    }
  }
}

extension MeasuredCase {
  /// Positions of the input by falling value.
  func order(by ranking: Ranking) -> [Int] {
    once("order/\(ranking.rawValue)") {
      let plane =
        switch ranking {
        case .value: map
        case .magnitude: explanation.map.magnitudes(of: map.size)
        }
      return PositionOrder.falling(plane.samples, seed: seed)
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How samples are weighed when a picture changes size. When it shrinks, the filter widens with it, so
/// that nothing is skipped (antialiasing).
public enum ResizeFilter: String, Sendable, Codable, CaseIterable {
  case box, bilinear, bicubic, lanczos

  /// Distance at which the weight ends, in samples.
  var support: Double {
    switch self {
    case .box: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight at a distance.
  func weight(_ x: Double) -> Double {
    let distance = x.magnitude
    switch self {
    case .box:
      // Half open, so that a sample on a border belongs to one side.
      return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear:
      return max(0, 1 - distance)
    case .bicubic:
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
      return 0
    case .lanczos:
      return distance < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
  }
}

/// For a range of output positions along one axis, where their inputs start and how each is weighed.
struct ResizeWeights {
  let starts: [Int]
  let counts: [Int]
  /// `stride` weights per output, the first `counts` of them in use; each output's add up to 1.
  let weights: [Double]
  let stride: Int

  init(from extent: Int, to count: Int, only outputs: Range<Int>, filter: ResizeFilter) {
    let scale = Double(extent) / Double(count)
    let spread = max(scale, 1)
    let support = filter.support * spread
    stride = Int(support.rounded(.up)) * 2 + 1
    var starts = [Int](repeating: 0, count: outputs.count)
    var counts = starts
    var weights = [Double](repeating: 0, count: outputs.count * stride)
    for (output, position) in outputs.enumerated() {
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(extent, Int(center + support + 0.5))
      var sum = 0.0
      for index in 0..<end - first {
        let weight = filter.weight((Double(first + index) - center + 0.5) * (1 / spread))
        weights[output * stride + index] = weight
        sum += weight
      }
      if sum != 0 { for index in 0..<end - first { weights[output * stride + index] /= sum } }
      starts[output] = first
      counts[output] = end - first
    }
    self.starts = starts
    self.counts = counts
    self.weights = weights
  }

  /// The inputs that any of the outputs looks at.
  var inputs: Range<Int> {
    let ends = zip(starts, counts).map { $0 + $1 }
    return (starts.min() ?? 0)..<(ends.max() ?? 0)
  }
}

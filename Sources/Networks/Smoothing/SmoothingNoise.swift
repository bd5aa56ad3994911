import Tensors

/// The noise of a smoothed classifier: drawn once, and kept where that takes little memory.
struct SmoothingNoise: Sendable {
  private let random: CounterRandom
  private let deviation: Float
  private let shape: Shape
  /// The first pairs' noise, times the deviation.
  private let kept: [Tensor]
  private static let byteLimit = 64 << 20

  init(shape: Shape, smoothing: Smoothing, seed: UInt64) {
    self.shape = shape
    deviation = Float(smoothing.deviation)
    random = CounterRandom(seed: seed, stream: SmoothingStream.copies)
    let pairs = (smoothing.samples + 1) / 2
    let limit = Self.byteLimit / max(shape.count * MemoryLayout<Float>.stride, 1)
    kept = (0..<min(pairs, limit)).map { [random, deviation] pair in
      deviation * random.normal(shape, sample: pair)
    }
  }

  /// The copies of these numbers: x + σ ε for even ones, and x − σ ε for those that follow.
  func copies(_ numbers: Range<Int>, of picture: Tensor) -> Tensor {
    .concatenating(
      numbers.map { number in
        let pair = number / 2
        let noise = pair < kept.count ? kept[pair] : deviation * random.normal(shape, sample: pair)
        var copy = picture
        copy.add(noise, scaledBy: number % 2 == 0 ? 1 : -1)
        return copy
      })
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Random numbers that are looked up rather than drawn one after the other: the same seed, stream and
/// sample give the same numbers, in whatever order, batch or thread they are asked for.
///
/// Philox4x32-10 of Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3, 2011.
public struct CounterRandom: Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt32

  /// - Parameters:
  ///   - seed: comes from a picture's content, or from the user.
  ///   - stream: tells uses of one seed apart.
  public init(seed: UInt64, stream: UInt32 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// Four words for a place within a sample.
  @inline(__always)
  func block(_ place: UInt32, of sample: UInt64) -> SIMD4<UInt32> {
    Self.philox(
      SIMD4(
        place, stream, UInt32(truncatingIfNeeded: sample),
        UInt32(truncatingIfNeeded: sample >> 32)), key: key)
  }

  /// Ten rounds over a counter.
  @inline(__always)
  static func philox(_ counter: SIMD4<UInt32>, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = UInt64(c[0]) &* 0xD251_1F53
      let b = UInt64(c[2]) &* 0xCD9E_8D57
      c = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k.0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k.1, UInt32(truncatingIfNeeded: a))
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return c
  }

  /// Independent values, evenly spread over 0..<1, in steps of 2⁻²⁴.
  public func uniform(_ shape: Shape, sample: Int) -> Tensor {
    fill(shape, sample) { words in
      SIMD4<Float>(words &>> 8) * 0x1p-24
    }
  }

  /// Independent values of the standard normal distribution, by Box and Muller's transform.
  public func normal(_ shape: Shape, sample: Int) -> Tensor {
    fill(shape, sample) { words in
      var values = SIMD4<Float>.zero
      for pair in [0, 2] {
        // Never 0, whose logarithm is infinite.
        let radius = (-2 * log((Double(words[pair]) + 0.5) * 0x1p-32)).squareRoot()
        let angle = 2 * Double.pi * Double(words[pair + 1]) * 0x1p-32
        values[pair] = Float(radius * cos(angle))
        values[pair + 1] = Float(radius * sin(angle))
      }
      return values
    }
  }

  private func fill(
    _ shape: Shape, _ sample: Int, _ values: (SIMD4<UInt32>) -> SIMD4<Float>
  ) -> Tensor {
    Tensor(shape: shape) { target in
      for start in stride(from: 0, to: target.count, by: 4) {
        let four = values(block(UInt32(start / 4), of: UInt64(sample)))
        for index in start..<min(start + 4, target.count) {
          target.initializeElement(at: index, to: four[index - start])
        }
      }
    }
  }

  /// One number after the other for a sample, for what takes a number of them that is not known before.
  public func sequence(sample: Int) -> Sequence { Sequence(random: self, sample: UInt64(sample)) }

  /// The numbers of one sample in order.
  public struct Sequence: RandomNumberGenerator {
    let random: CounterRandom
    let sample: UInt64
    private var place: UInt32 = 0
    private var left: UInt64?

    init(random: CounterRandom, sample: UInt64) {
      self.random = random
      self.sample = sample
    }

    public mutating func next() -> UInt64 {
      if let value = left {
        left = nil
        return value
      }
      let words = random.block(place, of: sample)
      place &+= 1
      left = UInt64(words[3]) << 32 | UInt64(words[2])
      return UInt64(words[1]) << 32 | UInt64(words[0])
    }
  }
}

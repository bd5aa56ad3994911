import CKernels

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

  /// Independent values, evenly spread over 0..<1, in steps of 2⁻²⁴.
  public func uniform(_ shape: Shape, sample: Int) -> Tensor {
    let words = Self.philox(start(of: UInt64(sample)), blocks: (shape.count + 3) / 4)
    return Tensor(shape: shape) { target in
      for index in target.indices {
        target.initializeElement(at: index, to: Float(words[index] >> 8) * 0x1p-24)
      }
    }
  }

  /// Independent values of the standard normal distribution, by Box and Muller's transform: the same
  /// bits on every processor.
  public func normal(_ shape: Shape, sample: Int) -> Tensor {
    Tensor(shape: shape) { target in
      tm_random_normal(start(of: UInt64(sample)), target.baseAddress, target.count)
    }
  }

  /// Where a sample's words begin, or go on.
  private func start(of sample: UInt64, at place: UInt32 = 0) -> tm_philox_start {
    tm_philox_start(
      counter: (
        place, stream, UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: sample >> 32)
      ), key: key)
  }

  /// Four words for each of so many consecutive counters.
  static func philox(_ start: tm_philox_start, blocks: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: 4 * blocks) { words, count in
      tm_philox(start, words.baseAddress, blocks)
      count = 4 * blocks
    }
  }

  /// One number after the other for a sample, for what takes a number of them that is not known before.
  public func sequence(sample: Int) -> Sequence { Sequence(random: self, sample: UInt64(sample)) }

  /// The numbers of one sample in order.
  public struct Sequence: RandomNumberGenerator {
    let random: CounterRandom
    let sample: UInt64
    private var place: UInt32 = 0
    private var words: ArraySlice<UInt32> = []

    init(random: CounterRandom, sample: UInt64) {
      self.random = random
      self.sample = sample
    }

    public mutating func next() -> UInt64 {
      if words.isEmpty {
        let blocks = 8
        words = CounterRandom.philox(random.start(of: sample, at: place), blocks: blocks)[...]
        place &+= UInt32(blocks)
      }
      let low = words.removeFirst()
      return UInt64(words.removeFirst()) << 32 | UInt64(low)
    }
  }
}

import Tensors

/// The random numbers of one picture, in order.
///
/// What is drawn for one picture depends on no other. All is made of whole numbers and products, since
/// the standard library may change how it draws.
struct PictureRandom {
  private var numbers: CounterRandom.Sequence

  /// - Parameter use: tells uses of one seed and index apart.
  init(seed: UInt64, index: Int, use: UInt32 = 0) {
    numbers = CounterRandom(seed: seed, stream: use).sequence(sample: index)
  }

  mutating func next() -> UInt64 { numbers.next() }

  /// A key for noise.
  mutating func key32() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 32) }

  /// 0..<1.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  mutating func float(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  /// A whole number of 0..<bound.
  mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  mutating func chance(_ probability: Float) -> Bool { unit() < probability }

  mutating func choice<Element>(of elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for last in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(last, below(last + 1))
    }
    return result
  }
}

import Testing

@testable import Tensors

@Suite struct CounterRandomTests {
  /// Known answers of the authors' library (Random123, `kat_vectors`).
  @Test func `the rounds give the published numbers`() {
    let ones = UInt32.max
    #expect(
      CounterRandom.philox(SIMD4(0, 0, 0, 0), key: (0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      CounterRandom.philox(SIMD4(ones, ones, ones, ones), key: (ones, ones))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      CounterRandom.philox(
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func `a sample is the same whenever it is asked for, and unlike all others`() {
    let random = CounterRandom(seed: 7, stream: 1)
    let first = random.normal([3, 5], sample: 4)
    _ = random.normal([100], sample: 0)
    #expect(random.normal([3, 5], sample: 4) == first)
    // The beginning does not depend on how much is asked for.
    #expect(random.normal([40], sample: 4).scalars.prefix(15) == first.scalars[...])
    #expect(random.normal([3, 5], sample: 5) != first)
    #expect(CounterRandom(seed: 7, stream: 2).normal([3, 5], sample: 4) != first)
    #expect(CounterRandom(seed: 8, stream: 1).normal([3, 5], sample: 4) != first)
  }

  @Test func `values have the moments of their distributions`() {
    let random = CounterRandom(seed: 3)
    let count = 100_000
    func moments(_ values: Tensor) -> (mean: Double, variance: Double, fourth: Double) {
      let mean = values.sum / Double(count)
      let central = values.scalars.map { Double($0) - mean }
      return (
        mean, central.reduce(0) { $0 + $1 * $1 } / Double(count),
        central.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
      )
    }
    // Five standard errors of each.
    let normal = moments(random.normal([count], sample: 0))
    #expect(normal.mean.magnitude < 5 / Double(count).squareRoot())
    #expect((normal.variance - 1).magnitude < 5 * (2 / Double(count)).squareRoot())
    #expect((normal.fourth - 3).magnitude < 5 * (96 / Double(count)).squareRoot())
    let uniform = random.uniform([count], sample: 0)
    #expect(uniform.scalars.allSatisfy { (0..<1).contains($0) })
    let spread = moments(uniform)
    #expect((spread.mean - 0.5).magnitude < 5 * (1 / 12.0 / Double(count)).squareRoot())
    #expect((spread.variance - 1 / 12.0).magnitude < 0.002)
  }

  @Test func `a sequence gives every bit its turn`() {
    var numbers = CounterRandom(seed: 1).sequence(sample: 2)
    let values = (0..<64).map { _ in numbers.next() }
    #expect(Set(values).count == 64)
    #expect(values.reduce(0, |) == .max)
    #expect(values.reduce(.max, &) == 0)
  }
}

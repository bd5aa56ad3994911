import CKernels
import Foundation
import Testing

@testable import Tensors

@Suite struct CounterRandomTests {
  /// Known answers of the authors' library (Random123, `kat_vectors`).
  @Test func `the rounds give the published numbers`() {
    let ones = UInt32.max
    func words(_ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)) -> [UInt32] {
      CounterRandom.philox(tm_philox_start(counter: counter, key: key), blocks: 1)
    }
    #expect(
      words((0, 0, 0, 0), (0, 0)) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(
      words((ones, ones, ones, ones), (ones, ones))
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      words((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func `words do not depend on how many are asked for`() {
    let start = tm_philox_start(counter: (5, 1, 2, 3), key: (4, 5))
    let many = CounterRandom.philox(start, blocks: 77)
    for (block, place) in [(0, 5), (31, 36), (32, 37), (76, 81)] as [(Int, UInt32)] {
      let one = tm_philox_start(counter: (place, 1, 2, 3), key: (4, 5))
      #expect(CounterRandom.philox(one, blocks: 1)[...] == many[4 * block..<4 * block + 4])
    }
  }

  @Test func `normal values are Box and Muller's, with every instruction set`() {
    let start = tm_philox_start(counter: (0, 9, 8, 0), key: (7, 6))
    let words = CounterRandom.philox(start, blocks: 25_000)
    func values() -> [Float] {
      [Float](unsafeUninitializedCapacity: words.count - 3) { values, count in
        tm_random_normal(start, values.baseAddress, words.count - 3)
        count = words.count - 3
      }
    }
    let found = values()
    for set in [TM_ISA_PLAIN, TM_ISA_AVX2] {
      tm_isa_limit(set)
      defer { tm_isa_limit(TM_ISA_AVX512) }
      #expect(values() == found)
    }
    for index in found.indices {
      let pair = index - index % 2
      let radius = (-2 * log((Double(words[pair]) + 0.5) * 0x1p-32)).squareRoot()
      let angle = 2 * Double.pi * Double(words[pair + 1]) * 0x1p-32
      let expected = radius * (index == pair ? cos(angle) : sin(angle))
      // Half a unit in the last place of a float, and what double precision adds.
      let bound = Double(Float(expected).ulp) * 0.5 + 1e-15
      if (Double(found[index]) - expected).magnitude > bound {
        Issue.record("\(index): \(found[index]), expected \(expected)")
      }
    }
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

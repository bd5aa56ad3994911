import Testing

@testable import Samples

struct PictureRandomTests {
  @Test func `equal keys give equal numbers, others do not`() {
    func first(_ parts: (UInt64, UInt64)) -> [UInt64] {
      var random = PictureRandom(seed: parts.0, index: Int(parts.1))
      return (0..<4).map { _ in random.next() }
    }
    #expect(first((1, 2)) == first((1, 2)))
    let all = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)].flatMap { first($0) }
    #expect(Set(all).count == all.count)
  }

  @Test func `numbers spread evenly`() {
    var random = PictureRandom(seed: 5, index: 0)
    let values = (0..<4000).map { _ in random.unit() }
    #expect(values.allSatisfy { (0..<1).contains($0) })
    // The mean's deviation is 0.0046.
    #expect(abs(values.reduce(0, +) / 4000 - 0.5) < 0.02)
    let counts = (0..<4000).reduce(into: [Int](repeating: 0, count: 5)) { counts, _ in
      counts[random.below(5)] += 1
    }
    #expect(counts.allSatisfy { (700...900).contains($0) })
  }

  @Test func `shuffling keeps what there is`() {
    var random = PictureRandom(seed: 9, index: 0)
    #expect(random.shuffled(Array(0..<20)).sorted() == Array(0..<20))
  }
}

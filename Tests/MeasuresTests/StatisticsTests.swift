import Testing

@testable import Measures

struct StatisticsTests {
  let bootstrap = PairedBootstrap()

  @Test func `what does not vary is certain`() throws {
    let interval = try #require(bootstrap.mean(of: [0.25, 0.25, nil, 0.25]))
    #expect(interval == Interval(mean: 0.25, lower: 0.25, upper: 0.25, count: 3))
    #expect(interval.excludesZero)
    #expect(bootstrap.mean(of: [1, nil]) == nil)
    #expect(bootstrap.mean(of: []) == nil)
  }

  @Test func `the interval of many coin tosses is that of the normal distribution`() throws {
    let tosses = (0..<400).map { Double?(Double($0 % 2)) }
    let interval = try #require(bootstrap.mean(of: tosses))
    #expect(interval.mean == 0.5)
    // 1.96 · 0.5 / 20 on either side.
    #expect((interval.lower - 0.451).magnitude < 0.006)
    #expect((interval.upper - 0.549).magnitude < 0.006)
    #expect(bootstrap.mean(of: tosses) == interval)
    #expect(PairedBootstrap(seed: 1).mean(of: tosses) != interval)
    // Half the confidence, a third of the width.
    let narrow = try #require(PairedBootstrap(confidence: 0.5).mean(of: tosses))
    #expect((narrow.upper - narrow.lower - 0.0337).magnitude < 0.006)
  }

  @Test func `a paired difference is surer than its parts`() throws {
    let a = (0..<50).map { Double?(Double($0)) }
    let b = (0..<50).map { $0 == 7 ? nil : Double?(Double($0) - 1) }
    let difference = try #require(bootstrap.difference(of: a, and: b))
    #expect(difference == Interval(mean: 1, lower: 1, upper: 1, count: 49))
  }

  @Test func `a measure separates where the best method beats the best control`() throws {
    let about = EnergyInBox.about
    let pictures = (0..<60).map { Double($0 % 10) / 100 }
    func values(_ base: Double) -> [Double?] { pictures.map { base + $0 } }
    let separated = try #require(
      Separation(
        of: about, methods: ["good": values(0.6), "poor": values(0.1)],
        controls: ["chance": values(0.2), "middle": values(0.4)]))
    #expect(separated.method == "good" && separated.control == "middle")
    #expect(separated.isSeparated)
    #expect(separated.difference.map { ($0.mean - 0.2).magnitude < 1e-12 } == true)
    let beaten = try #require(
      Separation(
        of: about, methods: ["good": values(0.3)], controls: ["middle": values(0.4)]))
    #expect(!beaten.isSeparated)
    // Where less is better, the same numbers say the opposite.
    let lower = try #require(
      Separation(
        of: Deletion.about, methods: ["good": values(0.3)], controls: ["middle": values(0.4)]))
    #expect(lower.isSeparated)
    #expect(
      Separation(of: Gini.about, methods: ["a": values(1)], controls: ["b": values(2)]) == nil)
    #expect(Separation(of: about, methods: ["a": [nil, 1]], controls: ["b": values(2)]) == nil)
  }
}

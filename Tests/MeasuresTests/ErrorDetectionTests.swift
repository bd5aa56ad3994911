import TestSupport
import Testing

@testable import Measures

struct ErrorDetectionTests {
  let detection = ErrorDetection()

  @Test func `the area is the part of right-wrong pairs in order, ties counting half`() throws {
    let scores: [Double?] = [0.9, 0.4, 0.4, 0.7, 0.1, nil, .nan]
    let right = [true, true, false, false, false, true, false]
    // 0.9 beats three, 0.4 ties with one and beats another.
    let found = detection.area(of: scores, right: right)
    let interval = try #require(found.interval)
    #expect(interval.mean == (3 + 1.5) / 6)
    #expect(interval.count == 5 && found.right == 2 && found.wrong == 3 && found.reason == nil)
    #expect(interval.lower <= interval.mean && interval.mean <= interval.upper)
    let direct = Ranks.rocArea(
      of: [0.9, 0.4, 0.4, 0.7, 0.1], positive: [true, true, false, false, false])
    #expect(direct == interval.mean)
  }

  @Test func `only the order of scores counts, and turning it round mirrors the area`() throws {
    var random = TestRandom(7)
    let scores = (0..<80).map { _ in Double.random(in: 0...1, using: &random) }
    let right = scores.map { $0 + Double.random(in: 0...1, using: &random) > 0.7 }
    let found = detection.area(of: scores, right: right)
    #expect(found == detection.area(of: scores.map { $0 * $0 * $0 }, right: right))
    #expect(found == detection.area(of: scores, right: right))
    let turned = detection.area(of: scores.map { -$0 }, right: right)
    let (a, b) = (try #require(found.interval), try #require(turned.interval))
    #expect((a.mean + b.mean - 1).magnitude < 1e-15)
    #expect((a.lower + b.upper - 1).magnitude < 1e-12)
    #expect(a.excludesZero && a.lower > 0.5 && a.upper < 1)
  }

  @Test func `perfect scores are certain, equal ones know nothing, endless ones have a place`()
    throws
  {
    let right = [true, true, false, true, false]
    let perfect = detection.area(of: [3, .infinity, 1, 2.5, -.infinity], right: right)
    #expect(perfect.interval == Interval(mean: 1, lower: 1, upper: 1, count: 5))
    let equal = detection.area(of: [2, 2, 2, 2, 2], right: right)
    #expect(equal.interval == Interval(mean: 0.5, lower: 0.5, upper: 0.5, count: 5))
  }

  @Test func `where all predictions are right, or all wrong, there is a reason and no area`() {
    let scores: [Double?] = [0.2, 0.3, nil]
    let allRight = detection.area(of: scores, right: [true, true, false])
    #expect(allRight.interval == nil && allRight.reason == "all predictions are right")
    #expect(allRight.right == 2 && allRight.wrong == 0)
    let allWrong = detection.area(of: scores, right: [false, false, true])
    #expect(allWrong.reason == "all predictions are wrong")
    #expect(detection.area(of: [nil], right: [true]).reason == "no prediction has a score")
    #expect(detection.area(of: [], right: []).reason == "no prediction has a score")
  }

  @Test func `a single wrong prediction leaves everything possible`() {
    let one = detection.area(of: [0.5, 0.6, 0.7], right: [true, false, true])
    #expect(one.interval == Interval(mean: 0.5, lower: 0, upper: 1, count: 3))
    let difference = detection.difference(
      of: [0.5, 0.6, 0.7], and: [1, 0, 1], right: [true, false, true])
    #expect(difference.interval == Interval(mean: -0.5, lower: -1, upper: 1, count: 3))
  }

  @Test func `a paired difference is surer than its parts`() throws {
    var random = TestRandom(7)
    let truth = (0..<120).map { _ in Double.random(in: 0...1, using: &random) }
    let right = truth.map { $0 + Double.random(in: -0.5...0.5, using: &random) > 0.3 }
    let a = truth.map { Optional($0) }
    let b = truth.enumerated().map { $0 == 5 ? nil : $1 + ($0.isMultiple(of: 7) ? 0.2 : 0) }
    let difference = detection.difference(of: a, and: b, right: right)
    let interval = try #require(difference.interval)
    #expect(interval.count == 119 && difference.right + difference.wrong == 119)
    let part = try #require(detection.area(of: a, right: right).interval)
    #expect(interval.upper - interval.lower < part.upper - part.lower)
    let none = try #require(detection.difference(of: a, and: a, right: right).interval)
    #expect(none == Interval(mean: 0, lower: 0, upper: 0, count: 120))
  }

  @Test func `the interval has the width that theory gives`() throws {
    // 100 right and 100 wrong predictions, scores without knowledge: a deviation of
    // √((m + n + 1) / (12 m n)) = 0.0409.
    var random = TestRandom(7)
    let scores = (0..<200).map { _ in Optional(Double.random(in: 0...1, using: &random)) }
    let right = (0..<200).map { $0 < 100 }
    let interval = try #require(detection.area(of: scores, right: right).interval)
    #expect(((interval.upper - interval.lower) / (2 * 1.96 * 0.0409) - 1).magnitude < 0.12)
    let narrow = ErrorDetection(by: PairedBootstrap(confidence: 0.5)).area(of: scores, right: right)
    let width = try #require(narrow.interval.map { $0.upper - $0.lower })
    #expect(width < 0.5 * (interval.upper - interval.lower))
  }
}

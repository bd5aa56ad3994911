import TestSupport
import Testing

@testable import Measures

struct RanksTests {
  @Test func `equal values share the mean of their ranks`() {
    #expect(Ranks.mid(of: [3, 1, 3, 2, 3]) == [4, 1, 4, 2, 4])
    #expect(Ranks.mid(of: []) == [])
  }

  @Test func `a rank correlation is 1 for any rising function and nil for none`() throws {
    let values: [Float] = [0.5, -2, 7, 1, 3]
    #expect(Ranks.correlation(of: values, and: values.map { $0 * $0 * $0 }) == 1)
    #expect(Ranks.correlation(of: values, and: values.map { -$0 }) == -1)
    #expect(Ranks.correlation(of: values, and: [1, 1, 1, 1, 1]) == nil)
    // Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * 4 / (4 * 15).
    let other = try #require(Ranks.correlation(of: [1, 2, 3, 4], and: [2, 1, 4, 3]))
    #expect((other - 0.6).magnitude < 1e-12)
  }

  @Test func `areas equal those of scikit-learn, ties included`() throws {
    let values: [Float] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.1]
    let positive = [false, false, true, true, true, false]
    let area = try #require(Ranks.rocArea(of: values, positive: positive))
    // Pairs: 0.35 beats two of three, 0.8 all, 0.4 two and a half.
    #expect((area - 7.5 / 9).magnitude < 1e-12)
    let precision = try #require(Ranks.averagePrecision(of: values, positive: positive))
    // 1/3 at precision 1, 1/3 at 2/3, 1/3 at 3/4.
    #expect((precision - (1 + 2.0 / 3 + 0.75) / 3).magnitude < 1e-12)
    #expect(Ranks.rocArea(of: [2, 2, 2], positive: [true, false, false]) == 0.5)
    #expect(Ranks.rocArea(of: [1, 2], positive: [true, true]) == nil)
    #expect(Ranks.averagePrecision(of: [1, 2], positive: [false, false]) == nil)
  }

  @Test func `values that rounding alone tells apart do not correlate`() {
    let same = [Double](repeating: 0.1, count: 7)
    #expect(Correlation.of(same, and: [1, 2, 3, 4, 5, 6, 7]) == nil)
  }
}

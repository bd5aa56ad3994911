import Testing

@testable import Rendering

struct ChartTicksTests {
  @Test func `steps are 1, 2 or 5 times a power of ten`() {
    #expect(ChartTicks(in: 0...1, limit: 6).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(ChartTicks(in: 0...1, limit: 3).labels == ["0.0", "0.5", "1.0"])
    #expect(ChartTicks(in: -40...40, limit: 5).labels == ["−40", "−20", "0", "20", "40"])
    #expect(ChartTicks(in: 0.3...9.1, limit: 6).values == [2, 4, 6, 8])
  }

  @Test func `values are the numbers as they are written`() {
    #expect(ChartTicks(in: 0...1, limit: 11).values[3] == 0.3)
    #expect(ChartTicks(in: 0...1e-3, limit: 11).values[7] == 7e-4)
  }

  @Test func `very large and very small numbers share a power of ten`() {
    #expect(ChartTicks(in: 0...3e7, limit: 4).labels == ["0", "1·10⁷", "2·10⁷", "3·10⁷"])
    #expect(ChartTicks(in: 0...2e-8, limit: 3).labels == ["0", "1·10⁻⁸", "2·10⁻⁸"])
    #expect(ChartTicks(in: 0...1.5e6, limit: 4).labels == ["0", "0.5·10⁶", "1.0·10⁶", "1.5·10⁶"])
  }

  @Test func `ticks lie in the range, evenly, and are no more than allowed`() {
    var random = Numbers()
    for _ in 0..<500 {
      let low = Double.random(in: -1e4...1e4, using: &random)
      let scale = [1e-6, 1e-3, 1, 1e3, 1e9][Int.random(in: 0..<5, using: &random)]
      let range = low...(low + .random(in: 0.1...1, using: &random) * scale)
      let limit = Int.random(in: 2...12, using: &random)
      let ticks = ChartTicks(in: range, limit: limit)
      #expect(ticks.values.count <= limit)
      #expect(Set(ticks.labels).count == ticks.labels.count)
      let slack = scale * 1e-6
      for value in ticks.values {
        #expect(value >= range.lowerBound - slack && value <= range.upperBound + slack)
      }
      let wide = ChartTicks.widened(range, limit: limit)
      #expect(wide.lowerBound <= range.lowerBound && wide.upperBound >= range.upperBound)
    }
  }

  @Test func `a widened range ends at ticks`() {
    #expect(ChartTicks.widened(0.07...2.63, limit: 4) == 0...3)
    #expect(ChartTicks.widened(0...1, limit: 6) == 0...1)
  }

  @Test(arguments: [
    0...0, -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude,
    0...Double.leastNonzeroMagnitude, 1...1.0.nextUp, 1e300...1.1e300, 0...Double.infinity,
  ])
  func `absurd ranges are harmless`(range: ClosedRange<Double>) {
    #expect(ChartTicks(in: range, limit: 6).values.count <= 6)
    #expect(ChartTicks(endsOf: range).values.count <= 3)
    _ = ChartTicks.widened(range, limit: 6)
  }

  @Test func `decimals are rounded and signed`() {
    #expect(decimal(0.985, places: 1) == "1.0")
    #expect(decimal(-0.004, places: 2) == "0.00")
    #expect(decimal(-12.345, places: 2) == "−12.35")
    #expect(decimal(3.07, places: 3) == "3.070")
    #expect(decimal(7, places: 0) == "7")
    #expect(decimal(.nan, places: 2) == "nan")
  }

  @Test func `the ends of a range have three digits`() {
    #expect(ChartTicks(endsOf: -0.94321...0.94321).labels == ["−0.943", "0", "0.943"])
    #expect(ChartTicks(endsOf: 0...1.31).labels == ["0", "1.31"])
    #expect(ChartTicks(endsOf: 0...31.67).labels == ["0", "31.7"])
    #expect(ChartTicks(endsOf: 0...4321).labels == ["0", "4321"])
    #expect(ChartTicks(endsOf: 0...0.0000123).labels == ["0", "1.23·10⁻⁵"])
    #expect(ChartTicks(endsOf: 2...2).labels == [])
  }
}

import Testing

@testable import Measures

struct ComplexityTests {
  private func value(_ measure: some Measure, _ values: [Float]) throws -> MeasuredValue {
    try ConfiguredMeasure(measure).measure(MeasuredCases.map(values, width: 8))
  }

  @Test func `one position has everything`() throws {
    var values = [Float](repeating: 0, count: 64)
    values[9] = -3
    #expect(try value(Gini(), values).isNear(1 - 1.0 / 64))
    #expect(try value(Entropy(), values).isNear(0))
    #expect(try value(EnergyArea(), values).isNear(1.0 / 64))
  }

  @Test func `half of the positions share everything evenly`() throws {
    let values = (0..<64).map { $0 % 2 == 0 ? Float(0) : ($0 % 4 == 1 ? 2 : -2) }
    #expect(try value(Gini(), values).isNear(0.5))
    // ln 32 / ln 64
    #expect(try value(Entropy(), values).isNear(5.0 / 6))
    // 0.9 of 32 positions, rounded up.
    #expect(try value(EnergyArea(), values).isNear(29.0 / 64))
  }
}

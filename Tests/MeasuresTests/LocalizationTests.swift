import Explanations
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Measures

/// What localization measures must find on maps that can be worked out on paper.
struct LocalizationTests {
  /// The object is a block of 3 by 2 on 8 by 8 positions.
  static let box = PixelRect(x: 2, y: 3, width: 3, height: 2)
  static let mask = (0..<64).map { (2..<5).contains($0 % 8) && (3..<5).contains($0 / 8) }

  private func value(_ measure: some Measure, _ values: [Float]) throws -> MeasuredValue {
    let measured = try MeasuredCases.map(values, width: 8, boxes: [Self.box], mask: Self.mask)
    return try ConfiguredMeasure(measure).measure(measured)
  }

  @Test func `a map that is the mask is best in everything`() throws {
    let values = Self.mask.map { $0 ? Float(2) : 0 }
    for measure in [
      PointingGame(), PointingGameMask(), EnergyInBox(), EnergyInMask(), PositiveOverlap(),
      PositivePart(), ROCArea(), AveragePrecision(), LocalizationIoU(),
    ] as [any Measure] {
      #expect(try value(measure, values).isNear(1))
    }
  }

  @Test func `a map that is everywhere but on the object is worst`() throws {
    let values = Self.mask.map { $0 ? Float(0) : 1 }
    for measure in [
      PointingGame(), PointingGameMask(), EnergyInBox(), EnergyInMask(), PositiveOverlap(),
      PositivePart(), ROCArea(),
    ] as [any Measure] {
      #expect(try value(measure, values).isNear(0))
    }
    // All positions come in at once after the others: 6 of 64 are hits.
    #expect(try value(AveragePrecision(), values).isNear(6.0 / 64))
    #expect(try value(LocalizationIoU(), values).value == 0)
  }

  @Test func `where the strongest positions disagree, the part of them counts`() throws {
    var values = [Float](repeating: 0, count: 64)
    values[3 * 8 + 2] = 1
    values[0] = 1
    #expect(try value(PointingGame(), values).isNear(0.5))
    var near = PointingGame()
    near.margin = 3
    #expect(try value(near, values).isNear(0.5))
    near.margin = 4
    #expect(try value(near, values).isNear(1))
  }

  @Test func `squares of a map change its energy, and nothing that hangs on its order`() throws {
    var random = TestRandom(1)
    let values = random.tensor([64], in: 0...1).scalars
    let squares = values.map { $0 * $0 }
    #expect(try value(EnergyInMask(), values) != value(EnergyInMask(), squares))
    for measure in [PointingGame(), ROCArea(), AveragePrecision()] as [any Measure] {
      #expect(try value(measure, values) == value(measure, squares))
    }
  }

  @Test func `what has no geometry does not see where positions lie`() throws {
    var random = TestRandom(2)
    let values = random.tensor([64]).scalars
    let order = Array(0..<64).shuffled(using: &random)
    let before = try MeasuredCases.map(values, width: 8, mask: Self.mask)
    let after = try MeasuredCases.map(
      order.map { values[$0] }, width: 8, mask: order.map { Self.mask[$0] })
    for measure in [PointingGameMask(), EnergyInMask(), ROCArea(), AveragePrecision()]
      as [any Measure]
    {
      let (first, second) = (try measure.measure(before), try measure.measure(after))
      #expect(second.isNear(try #require(first.value), within: 1e-12))
    }
  }

  @Test func `signed maps count their positive part`() throws {
    var values = [Float](repeating: 0, count: 64)
    values[3 * 8 + 2] = 3
    values[3 * 8 + 3] = -5
    values[0] = 1
    values[63] = -1
    #expect(try value(EnergyInBox(), values).isNear(0.75))
    #expect(try value(PositivePart(), values).isNear(0.3))
    // One of six inside, one outside.
    #expect(try value(PositiveOverlap(), values).isNear(1.0 / 7))
    let negative = values.map { -$0.magnitude }
    #expect(try value(EnergyInBox(), negative).value == nil)
    #expect(try value(LocalizationIoU(), negative).value == nil)
    #expect(try value(PositivePart(), negative).value == 0)
  }

  @Test func `concentration is attribution over the distance from the middle`() throws {
    // Two positions, 2 and 4 right of the left one's column: the middle lies between them.
    var values = [Float](repeating: 0, count: 64)
    values[3 * 8 + 2] = 1
    values[3 * 8 + 4] = 1
    #expect(try value(Concentration(), values).isNear(1))
    values[3 * 8 + 4] = -1
    #expect(try value(Concentration(), values).isNear(0))
    // The only position is the middle itself, and left out.
    values[3 * 8 + 4] = 0
    #expect(try value(Concentration(), values).isNear(0))
  }

  @Test func `the box around strong positions shrinks as the threshold grows`() throws {
    // Strong in the box, weak everywhere else: at 0 the whole picture is the box.
    let values = Self.mask.map { $0 ? Float(1) : 0.1 }
    let found = try value(LocalizationIoU(), values)
    let profile = try #require(found.series["iou"])
    #expect(profile.count == LocalizationIoU.multiples.count)
    #expect((profile[0] - 6.0 / 64).magnitude < 1e-12)
    // The mean is (6 + 5.8) / 64 = 0.184: from 1 to 5 only the object is left, from 5.5 nothing.
    #expect(profile[2...10].allSatisfy { $0 == 1 })
    #expect(profile[11...].allSatisfy { $0 == 0 })
    #expect(found.value == profile[4])
  }

  @Test func `the threshold comes from the other half of the pictures`() throws {
    // On either half another multiple is best, so each is judged by the other's.
    let names = (0..<40).map { "picture-\($0).png" }
    let halves = names.map(TunedLocalization.half)
    #expect((10...30).contains(halves.count { $0 == 0 }))
    let count = LocalizationIoU.multiples.count
    let profiles = zip(names, halves).map { name, half in
      (picture: name, overlaps: (0..<count).map { $0 == (half == 0 ? 3 : 7) ? 0.9 : 0.2 })
    }
    let tuned = try #require(TunedLocalization(profiles))
    #expect(tuned.multiples == (3.5, 1.5))
    #expect(tuned.successRate == 0)
    #expect((tuned.meanOverlap - 0.2).magnitude < 1e-12)
    let same = try #require(
      TunedLocalization(names.map { ($0, (0..<count).map { $0 == 5 ? 0.8 : 0.5 }) }))
    #expect(same.successRate == 1)
    #expect(same.results.allSatisfy { $0.multiple == 2.5 })
    #expect(TunedLocalization([profiles[0]]) == nil)
    // The order of the pictures does not matter.
    #expect(TunedLocalization(profiles.reversed())?.results.reversed() == tuned.results)
  }
}

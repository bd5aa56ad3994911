import Explanations
import Foundation
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

/// What every measure of the catalogue keeps; a newcomer is tested by being listed.
struct MeasureContractTests {
  @Test(arguments: MeasureCatalog.all)
  func `the same case has the same finite value`(_ entry: MeasureEntry) throws {
    let (model, question, truth) = try MeasuredCases.mixed()
    func value() throws -> MeasuredValue {
      try entry.configured().measure(
        MeasuredCases.explained(
          "input-x-gradient", question, by: model, truth: truth,
          randomized: RandomizedNetworks(of: model, seed: 1)))
    }
    let first = try value()
    #expect(first.value?.isFinite == true, "\(first.reason ?? "")")
    #expect(try value() == first)
  }

  @Test(arguments: MeasureCatalog.all)
  func `maps that say nothing have no value`(_ entry: MeasureEntry) throws {
    let measure = try entry.configured()
    let flat = [Float](repeating: 0.5, count: 64)
    let box = PixelRect(x: 1, y: 1, width: 3, height: 3)
    let mask = (0..<64).map { $0 < 20 }
    for (values, reason) in [
      (flat.map { _ in 0 }, "the map is zero everywhere"),
      (flat, "the map is the same everywhere"),
      ([.nan] + flat.dropFirst(), "the map is not finite"),
      ([.infinity] + flat.dropFirst(), "the map is not finite"),
    ] {
      let measured = try MeasuredCases.map(values, width: 8, boxes: [box], mask: mask)
      #expect(try measure.measure(measured) == .undefined(reason))
    }
  }

  @Test(arguments: MeasureCatalog.all)
  func `what a measure needs and does not get is a reason`(_ entry: MeasureEntry) throws {
    let needs = entry.about.needs.intersection([.box, .mask, .randomizedNetworks])
    let measured = try MeasuredCases.map((0..<64).map { Float($0) }, width: 8)
    let found = try entry.configured().measure(measured)
    if !needs.isEmpty {
      #expect(found.value == nil)
      #expect(found.reason != nil)
    }
    #expect((entry.about.group == .localization) == !needs.isDisjoint(with: [.box, .mask]))
  }

  @Test(arguments: MeasureCatalog.all)
  func `every option is described, and nothing else`(_ entry: MeasureEntry) throws {
    guard case .object(let fields) = entry.defaults else {
      Issue.record("the defaults of \(entry.about.name) are no group of options")
      return
    }
    #expect(Set(fields.keys) == Set(entry.about.parameters.keys))
    #expect(try entry.configured().parameters == entry.defaults)
    var options = MethodOptions()
    options.set("no-such-option", to: "1")
    #expect(throws: ExplainerError.self) { try entry.configured(options) }
    for key in fields.keys where entry.about.parameters[key]?.contains("how many") == true {
      var options = MethodOptions()
      options.set(key, to: "-1")
      #expect(throws: ExplainerError.self, "\(key)") { try entry.configured(options) }
    }
  }

  /// Says that its value is what it was given.
  struct Given: Measure {
    static let about = MeasureDescription(
      name: "given", group: .complexity, summary: "", source: "", better: .neither, range: "")

    var value = 0.0
    var point = 0.0

    init() {}

    init(value: Double, point: Double) { (self.value, self.point) = (value, point) }

    func measure(_ measured: MeasuredCase) -> MeasuredValue {
      MeasuredValue(value, series: ["points": [0, point]])
    }
  }

  @Test func `what is not finite is no value`() throws {
    let measured = try MeasuredCases.map([0, 1, 2, 3], width: 2)
    func found(_ value: Double, _ point: Double) throws -> MeasuredValue {
      try ConfiguredMeasure(Given(value: value, point: point)).measure(measured)
    }
    #expect(try found(1, 2).value == 1)
    for bad in [Double.nan, .infinity] {
      #expect(try found(bad, 2).value == nil)
      #expect(try found(1, bad) == .undefined("the value is not finite"))
    }
  }

  @Test func `names are unique, no method has them, and the article defines each`() throws {
    let names = MeasureCatalog.all.map(\.about.name)
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
    }
    let controls = ControlCatalog.all.map(\.about.name)
    #expect(Set(controls).isDisjoint(with: ExplainerCatalog.all.map(\.about.name)))
    let article = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Measures/Measures.docc/Measures.md"), encoding: .utf8)
    for name in names + controls { #expect(article.contains("`\(name)`"), "\(name)") }
  }

  @Test(arguments: [
    "insertion", "deletion", "deletion-to-blur", "road", "infidelity", "sensitivity-n",
  ])
  func `values do not depend on how many pictures a pass takes`(_ name: String) throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let measure = try #require(MeasureCatalog.entry(named: name)).configured()
    let explained = try MeasuredCases.explained("gradient", question, by: model)
    let values = try [1, 3, 16].map { limit in
      try measure.measure(
        MeasuredCase(
          question, explanation: explained.explanation, by: explained.explainer,
          of: Rebatched(base: model, batchLimit: limit))
      ).value ?? .nan
    }
    // Plans of other sizes may add in another order.
    for value in values { #expect((value - values[0]).magnitude <= 1e-5 * values[0].magnitude) }
  }
}

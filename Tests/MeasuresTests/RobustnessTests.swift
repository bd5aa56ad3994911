import Explanations
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

struct RobustnessTests {
  @Test func `the gradient of a linear score never changes`() throws {
    let (model, _) = try MeasuredCases.linear()
    var random = TestRandom(11)
    let question = Question(.synthetic(random.tensor([1, 1, 8, 8], in: 0...1)), fact: 0)
    let gradient = try MeasuredCases.explained("gradient", question, by: model)
    #expect(try MaxSensitivity().measure(gradient).value == 0)
    // Its product with the picture does, as much as the picture.
    let product = try MeasuredCases.explained("input-x-gradient", question, by: model)
    let change = try #require(try MaxSensitivity().measure(product).value)
    #expect(change > 0 && change < 0.1)
  }

  @Test func `methods that do not sample are stable, and more samples more so`() throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let gradient = try MeasuredCases.explained("gradient", question, by: model)
    #expect(try SeedStability().measure(gradient).value == 1)
    func stability(_ samples: Int) throws -> Double {
      let measured = try MeasuredCases.explained(
        "smoothgrad", question, by: model, setting: ["samples": "\(samples)"])
      return try #require(try SeedStability().measure(measured).value)
    }
    let (few, many) = (try stability(2), try stability(64))
    #expect(few < many && many < 1)
    let chance = try MeasuredCases.explained("random-map", question, by: model)
    #expect(try #require(try SeedStability().measure(chance).value).magnitude < 0.2)
  }
}

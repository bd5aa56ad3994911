import Explanations
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

struct CompletenessTests {
  private func gap(_ method: String, _ settings: KeyValuePairs<String, String> = [:]) throws
    -> MeasuredValue
  {
    let (model, question, _) = try MeasuredCases.mixed()
    return try ConfiguredMeasure(CompletenessGap()).measure(
      MeasuredCases.explained(method, question, by: model, setting: settings))
  }

  @Test func `methods that promise to add up do`() throws {
    for baseline in ["black", "white", "blur", "black+noise"] {
      let found = try gap(
        "integrated-gradients",
        ["baseline": baseline, "tolerance": "0.005", "maximumSteps": "4096"])
      // The tolerance is each path's; their mean may be relative to a smaller change.
      #expect(found.isNear(0, within: 0.05), "\(baseline)")
    }
    #expect(try gap("deep-lift").isNear(0, within: 0.05))
  }

  @Test func `what is off by a factor has a gap of that`() throws {
    let (model, _) = try MeasuredCases.linear()
    var random = TestRandom(1)
    let question = Question(.synthetic(random.tensor([1, 1, 8, 8], in: 0...1)), fact: 0)
    let right = try MeasuredCases.explained("input-x-gradient", question, by: model)
    #expect(CompletenessGap().measure(right).isNear(0, within: 1e-4))
    let halved = MeasuredCase(
      question,
      explanation: Explanation(
        map: AttributionMap(0.5 * right.explanation.map.values, sign: .signed)),
      by: right.explainer, of: model)
    #expect(CompletenessGap().measure(halved).isNear(0.5, within: 1e-4))
  }

  @Test func `methods without a baseline, or without a value for each pixel, have no gap`() throws {
    for method in ["gradient", "grad-cam", "occlusion", "kernel-shap", "score-cam"] {
      let found = try gap(method)
      #expect(found.value == nil, "\(method)")
      #expect(found.reason != nil)
    }
  }
}

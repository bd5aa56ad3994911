import Boundaries
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Flip points as a method: what a search of the boundary becomes as an explanation.
struct FlipPointsTests {
  /// 1 · x₁ − 2 · x₂ + 2 · x₃ − 0.3 against 0: at the picture 0.6, whose nearest tie is 0.2 away.
  private func plane() throws -> CompiledNetwork {
    CompiledNetwork(try SmallNetworks.linear([[1, -2, 2], [0, 0, 0]], bias: [-0.3, 0]))
  }

  private let picture = Tensor([0.5, 0.4, 0.6], shape: [1, 1, 1, 3])

  @Test func `the map is the way to the nearest tie, and the counterpart lies there`() throws {
    let model = try plane()
    let explanation = try FlipPoints().explain(
      Question(.synthetic(picture), fact: 0), using: model)
    let map = explanation.map.values
    #expect(map.shape == [1, 1, 3])
    #expect(explanation.map.sign == .change)
    for (found, exact) in zip(map.scalars, [-1, 2, -2].map { Float($0) / 15 }) {
      #expect((found - exact).magnitude < 1e-5)
    }
    #expect(explanation.status == .complete)
    let values = explanation.diagnostics.values
    #expect((try #require(values["distance"]) - 0.2).magnitude < 1e-5)
    #expect(values["foil"] == 1)
    #expect((try #require(values["linf"]) - 2 / 15).magnitude < 1e-5)
    let counterpart = try #require(explanation.counterpart)
    #expect((counterpart - picture - map.reshaped(to: picture.shape)).largestMagnitude < 1e-6)
    #expect(model.prediction(for: counterpart).ranking(1) == [1])
  }

  @Test func `a norm decides what is smallest`() throws {
    var method = FlipPoints()
    for (norm, distance) in [(Norm.linf, 0.12), (.l1, 0.3), (.l2, 0.2)] {
      method.norm = norm
      let explanation = try method.explain(
        Question(.synthetic(picture), fact: 0), using: try plane())
      #expect(
        (try #require(explanation.diagnostics.values["distance"]) - distance).magnitude < 1e-5)
    }
  }

  @Test func `a foil decides which class must tie`() throws {
    // The foil is 0.5 behind, the third class 0.1.
    let model = CompiledNetwork(
      try SmallNetworks.linear([[1, 0, 0], [0, 1, 0], [0, 0, 1]], bias: [0.4, 0, 0.2]))
    func foil(_ foil: ClassIndex?) throws -> Double? {
      try FlipPoints().explain(
        Question(.synthetic(picture), fact: 0, foil: foil), using: model
      ).diagnostics.values["foil"]
    }
    #expect(try foil(nil) == 2)
    #expect(try foil(1) == 1)
  }

  @Test func `what the subject keeps does not change`() throws {
    // Without the third pixel the margin falls by 5 for each square: 0.2 · 3 = 0.6 in all.
    let kept = Tensor([0, 0, 1], shape: [1, 3])
    let explanation = try FlipPoints().explain(
      Question(.synthetic(picture, kept: kept), fact: 0), using: try plane())
    let distance = 0.6 / 5.squareRoot()
    #expect(
      (try #require(explanation.diagnostics.values["distance"]) - distance).magnitude < 1e-5)
    #expect(explanation.map.values[2] == 0 && explanation.map.values[1] > 0)
    let all = try FlipPoints().explain(
      Question(.synthetic(picture, kept: Tensor([1, 1, 1], shape: [1, 3])), fact: 0),
      using: try plane())
    #expect(all.status == .boundary(.infeasibleBox))
    #expect(all.diagnostics.backwardPasses == 0)
  }

  @Test func `what cannot flip says why, and its map is zero`() throws {
    let model = try plane()
    let misclassified = try FlipPoints().explain(
      Question(.synthetic(picture), fact: 1), using: model)
    #expect(misclassified.status == .boundary(.startMisclassified))
    #expect(misclassified.diagnostics.values["distance"] == 0)
    #expect(misclassified.map.values.largestMagnitude == 0)
    #expect(misclassified.counterpart == nil)
    // −2 at the least, so far as pixels go; the other class has 5 less.
    let certain = CompiledNetwork(
      try SmallNetworks.linear([[1, -2, 2], [0, 0, 0]], bias: [5, 0]))
    let infeasible = try FlipPoints().explain(
      Question(.synthetic(picture), fact: 0), using: certain)
    #expect([.boundary(.infeasibleBox), .boundary(.noBoundaryFound)].contains(infeasible.status))
    #expect(infeasible.map.values.largestMagnitude == 0)
    #expect(infeasible.diagnostics.values["distance"] == nil)
    let flat = CompiledNetwork(try SmallNetworks.linear([[0, 0, 0], [0, 0, 0]], bias: [1, 0]))
    let vanished = try FlipPoints().explain(Question(.synthetic(picture), fact: 0), using: flat)
    #expect(vanished.status != .complete)
    #expect(Set(BoundaryStatus.allCases.map { Explanation.Status.boundary($0).code }).count == 7)
  }

  @Test func `a point of a network with everything in it changes its decision`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(5)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let fact = model.prediction(for: input).ranking(1)[0]
    let question = Question(.synthetic(input), fact: fact)
    let explanation = try FlipPoints().explain(question, using: model)
    #expect(explanation.status == .complete)
    let counterpart = try #require(explanation.counterpart)
    #expect(model.prediction(for: counterpart).ranking(1) != [fact])
    #expect(counterpart.scalars.allSatisfy { (0...1).contains($0) })
    #expect(explanation.diagnostics.backwardPasses <= FlipPoints().search.gradients)
    let again = try FlipPoints().explain(question, using: model)
    #expect(again.map == explanation.map && again.counterpart == explanation.counterpart)
  }

  @Test func `options reach the search, and wrong ones are refused`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "flip-points"))
    #expect(throws: Never.self) {
      try entry.configured(MethodOptions(["search.gradients": "200", "norm": "linf"]))
    }
    for (key, value) in [("search.gradients", "1"), ("norm", "l3"), ("search.starts", "0")] {
      var options = MethodOptions()
      options.set(key, to: value)
      #expect(throws: ExplainerError.self, "\(key) \(value)") { try entry.configured(options) }
    }
  }
}

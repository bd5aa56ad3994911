import Explanations
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

/// What faithfulness measures must find on networks that can be worked out on paper.
struct FaithfulnessTests {
  private func linear(_ method: String) throws -> MeasuredCase {
    let (model, _) = try MeasuredCases.linear()
    var random = TestRandom(11)
    let question = Question(
      .synthetic(random.tensor([1, 1, 8, 8], in: 0...1), seed: 4), fact: 0)
    return try MeasuredCases.explained(method, question, by: model)
  }

  /// The same case with another map.
  private func changed(_ measured: MeasuredCase, _ change: (Tensor) -> Tensor) -> MeasuredCase {
    MeasuredCase(
      measured.question,
      explanation: Explanation(
        map: AttributionMap(change(measured.explanation.map.values), sign: .signed)),
      by: measured.explainer, of: measured.model)
  }

  @Test func `the gradient of a linear score is faithful to it, in any unit if normalized`() throws
  {
    let gradient = try linear("gradient")
    #expect(Infidelity().measure(gradient).isNear(0, within: 1e-9))
    #expect(NormalizedInfidelity().measure(gradient).isNear(0, within: 1e-9))
    let doubled = changed(gradient) { 2 * $0 }
    let plain = try #require(Infidelity().measure(doubled).value)
    // Twice the slopes predict twice the change: what is left is the change itself.
    let effects = InfidelityNoise(samples: 32, noise: 0.1, score: .logit).effects(in: doubled)
    #expect((plain / (effects.found.reduce(0) { $0 + $1 * $1 } / 32) - 1).magnitude < 1e-4)
    #expect(NormalizedInfidelity().measure(doubled).isNear(0, within: 1e-9))
    let wrong = changed(gradient) { map in Tensor(map.scalars.reversed(), shape: map.shape) }
    #expect(try #require(NormalizedInfidelity().measure(wrong).value) > 0.1)
  }

  @Test func `contributions to a linear score correlate with its falls perfectly`() throws {
    var measure = SensitivityN()
    measure.baseline = .black
    let product = try linear("input-x-gradient")
    #expect(measure.measure(product).isNear(1, within: 1e-5))
    #expect(measure.measure(changed(product) { -1 * $0 }).isNear(-1, within: 1e-5))
    let chance = try measure.measure(linear("random-map"))
    #expect(try #require(chance.value).magnitude < 0.5)
  }

  @Test func `a curve goes from one picture to the other in the map's order`() throws {
    let measured = try linear("gradient")
    let black = Tensor(zeros: measured.input.shape)
    let order = measured.order(by: .value)
    // The last column has the largest weight, the first the smallest.
    #expect(order.prefix(8).allSatisfy { $0 % 8 == 7 })
    #expect(order.suffix(8).allSatisfy { $0 % 8 == 0 })
    #expect(order.sorted() == Array(0..<64))
    let exchange = Exchange(from: measured.input, to: black, order: order, steps: 5)
    // Steps of 13, 13, 13, 13, 12.
    #expect(exchange.count == 6)
    let curve = exchange.curve(of: .logit, in: measured)
    let (_, weights) = try MeasuredCases.linear()
    for (step, score) in curve.enumerated() {
      let left = order.dropFirst(13 * step).reduce(0) {
        $0 + Double(weights[$1] * measured.input[$1])
      }
      #expect((score - left).magnitude < 1e-4)
    }
    #expect(Exchange.area(under: [1, 0.5, 0]) == 0.5)
    #expect(Exchange.area(under: [0.25]) == 0.25)
  }

  @Test func `the best order deletes lower and inserts higher than the worst`() throws {
    let gradient = try linear("gradient")
    /// What each position adds to the score, beside a baseline.
    func best(_ baseline: Baseline) -> MeasuredCase {
      let change = gradient.input - baseline.tensor(for: gradient.input)
      return changed(gradient) { $0 * change.reshaped(to: $0.shape) }
    }
    func worst(_ baseline: Baseline) -> MeasuredCase { changed(best(baseline)) { -1 * $0 } }
    func value(_ measure: some Measure, _ measured: MeasuredCase) throws -> Double {
      try #require(try ConfiguredMeasure(measure).measure(measured).value)
    }
    var (insertion, deletion, blur, road) = (Insertion(), Deletion(), DeletionToBlur(), ROAD())
    (insertion.score, deletion.score, blur.score, road.score) = (.logit, .logit, .logit, .logit)
    #expect(try value(deletion, best(.mean)) < value(deletion, worst(.mean)))
    #expect(try value(blur, best(.blur)) < value(blur, worst(.blur)))
    #expect(try value(insertion, best(.blur)) > value(insertion, worst(.blur)))
    #expect(try value(road, best(.mean)) > 0)
    #expect(try value(road, worst(.mean)) < 0)
  }

  @Test func `equal values come in a random order that the seed decides`() {
    let values: [Float] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    let order = PositionOrder.falling(values, seed: 1)
    #expect(order.prefix(2) == [10, 0])
    #expect(order != Array(order.prefix(2)) + Array(1..<10))
    #expect(order == PositionOrder.falling(values, seed: 1))
    #expect(order != PositionOrder.falling(values, seed: 2))
  }

  @Test func `ranking by magnitude adds channels up without their signs`() throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let measured = try MeasuredCases.explained("gradient", question, by: model)
    let map = measured.explanation.map.values
    let strength = (0..<256).map { place in
      (0..<3).reduce(Float(0)) { $0 + map[$1 * 256 + place].magnitude }
    }
    let order = measured.order(by: .magnitude)
    for (first, second) in zip(order, order.dropFirst()) {
      #expect(strength[first] >= strength[second])
    }
  }
}

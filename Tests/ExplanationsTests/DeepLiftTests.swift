import Explanations
import Networks
import Tensors
import TestSupport
import Testing

/// What DeepLIFT must find on networks that can be worked out on paper.
struct DeepLiftTests {
  private func question(_ values: [Float], fact: Int, foil: Int? = nil) -> Question {
    Question(
      .synthetic(Tensor(values, shape: [1, 1, 1, values.count])), fact: fact, foil: foil)
  }

  @Test(arguments: Baseline.allCases)
  func `on a linear score it is the change of the input times the weight`(
    _ baseline: Baseline
  ) throws {
    let model = CompiledNetwork(
      try SmallNetworks.linear([[3, -4, 12], [1, 1, 1]], bias: [-2, 7]))
    var method = DeepLift()
    method.baseline = baseline
    let question = question([0.5, 0.25, 0.75], fact: 0, foil: 1)
    let explanation = try method.explain(question, using: model)
    let change = question.subject.input - baseline.tensor(for: question.subject.input)
    #expect(
      explanation.map.values.scalars == (change * Tensor([2, -5, 11], shape: change.shape)).scalars)
    #expect(explanation.map.sign == .signed)
    #expect(explanation.status == .complete)
    #expect(explanation.diagnostics.forwardPasses == 2)
    #expect(explanation.diagnostics.backwardPasses == 1)
  }

  @Test func `a rectifier that opens on the way has the slope between both ends`() throws {
    // max(0, 4x₀ + 4x₁ − 2) from 0 to (½, ¼): its sum goes from −2 to 1 and it from 0 to 1, a slope of ⅓.
    let network = try Network(
      input: "x", inputShape: [1, 1, 2],
      nodes: [
        .init("flat", Reshape(item: [2]), of: ["x"]),
        .init(
          "sum",
          try Dense(
            weights: Tensor([4, 4], shape: [1, 2]), bias: Tensor([-2], shape: [1]),
            transposed: true), of: ["flat"]),
        .init("scores", ReLU(), of: ["sum"]),
      ], logits: "scores")
    let explanation = try DeepLift().explain(
      question([0.5, 0.25], fact: 0), using: CompiledNetwork(network))
    for (found, expected) in zip(explanation.map.values.scalars, [2.0 / 3, 1.0 / 3]) {
      #expect((Double(found) - expected).magnitude < 1e-6)
    }
    #expect(explanation.diagnostics.values["objective"] == 1)
    #expect(explanation.diagnostics.values["objectiveAtBaseline"] == 0)
  }

  @Test func `of a product each factor has the other's mean`() throws {
    // x₀ · (x₁ + 1) from 0 to (½, ¼).
    let network = try Network(
      input: "x", inputShape: [1, 1, 2],
      nodes: [
        .init("first", Slice([.init(axis: 3, start: 0, end: 1, step: 1)]), of: ["x"]),
        .init("second", Slice([.init(axis: 3, start: 1, end: 2, step: 1)]), of: ["x"]),
        .init("one", Constant(Tensor([1], shape: [1])), of: []),
        .init("raised", Add(), of: ["second", "one"]),
        .init("product", Multiply(), of: ["first", "raised"]),
        .init("scores", Reshape(item: [1]), of: ["product"]),
      ], logits: "scores")
    let explanation = try DeepLift().explain(
      question([0.5, 0.25], fact: 0), using: CompiledNetwork(network))
    #expect(explanation.map.values.scalars == [0.5 * 1.125, 0.25 * 0.25])
  }

  @Test func `the map adds up to the change of the score`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    for baseline in Baseline.allCases {
      var method = DeepLift()
      method.baseline = baseline
      let explanation = try method.explain(
        Question(.synthetic(input), fact: 1, foil: 2), using: model)
      let objective = Objective.margin(1, over: 2)
      let change =
        model.values(of: objective, for: input)[0]
        - model.values(of: objective, for: baseline.tensor(for: input))[0]
      #expect((explanation.map.values.sum / Double(change) - 1).magnitude < 1e-4)
      #expect((explanation.diagnostics.values["completenessGap"] ?? 1) < 1e-4)
      #expect(explanation.status == .complete)
    }
  }

  @Test func `what a mask changes is reported as missing`() throws {
    // 3 where x₀ > ¼, else 0: nothing flows back through the comparison.
    let network = try Network(
      input: "x", inputShape: [1, 1, 2],
      nodes: [
        .init("limit", Constant(Tensor([0.25], shape: [1])), of: []),
        .init("mask", Greater(), of: ["x", "limit"]),
        .init("three", Constant(Tensor([3], shape: [1])), of: []),
        .init("step", Multiply(), of: ["mask", "three"]),
        .init("sum", Add(), of: ["step", "x"]),
        .init("scores", Reshape(item: [2]), of: ["sum"]),
      ], logits: "scores")
    let explanation = try DeepLift().explain(
      question([0.5, 0.25], fact: 0), using: CompiledNetwork(network))
    guard case .completenessFailed(let gap) = explanation.status else {
      Issue.record("expected a failed completeness, found \(explanation.status)")
      return
    }
    #expect((gap - 3 / 3.5).magnitude < 1e-6)
    #expect(explanation.map.values.scalars == [0.5, 0])
  }

  @Test func `a tolerance of nothing is refused`() {
    var method = DeepLift()
    method.tolerance = 0
    #expect(throws: ExplainerError.self) { try method.validate() }
  }
}

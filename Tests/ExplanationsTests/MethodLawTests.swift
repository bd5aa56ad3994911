import Explanations
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

/// What each method must find on networks that can be worked out on paper.
struct MethodLawTests {
  @Test func `the gradient of a linear score is its weights`() throws {
    let model = CompiledNetwork(
      try SmallNetworks.linear([[3, -4, 12], [1, 1, 1]], bias: [-2, 0]))
    let question = question([1, 0.5, 0.25], fact: 0)
    let map = try Gradient().explain(question, using: model).map
    #expect(map.values.scalars == [3, -4, 12])
    #expect(map.sign == .signed)
    let contrast = try Gradient().explain(
      self.question([1, 0.5, 0.25], fact: 0, foil: 1), using: model)
    #expect(contrast.map.values.scalars == [2, -5, 11])
  }

  @Test func `integrated gradients of a linear score are input times weight`() throws {
    let model = CompiledNetwork(try SmallNetworks.linear([[3, -4, 12]], bias: [-2]))
    let explanation = try IntegratedGradients().explain(
      question([1, 0.5, 0.25], fact: 0), using: model)
    for (found, expected) in zip(explanation.map.values.scalars, [3, -2, 3] as [Float]) {
      #expect((found - expected).magnitude < 1e-5)
    }
    #expect(explanation.status == .complete)
  }

  @Test func `integrated gradients add up to the change of the score`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    for baseline in Baseline.allCases {
      var method = IntegratedGradients()
      method.baseline = BaselineMixture(baseline)
      (method.draws, method.maximumSteps) = (1, 4096)
      method.tolerance = 0.003
      let explanation = try method.explain(question(input, fact: 1, foil: 2), using: model)
      let change =
        model.values(of: .margin(1, over: 2), for: input)[0]
        - model.values(of: .margin(1, over: 2), for: baseline.tensor(for: input))[0]
      let gap = explanation.diagnostics.values["completenessGap"] ?? .infinity
      #expect(explanation.status == .complete)
      #expect(gap <= 0.003)
      #expect((explanation.map.values.sum / Double(change) - 1).magnitude <= 0.003 + 1e-6)
    }
  }

  @Test func `too few steps are reported, not hidden`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    var method = IntegratedGradients()
    method.steps = 1
    method.maximumSteps = 1
    method.tolerance = 1e-7
    let explanation = try method.explain(
      question(random.tensor([1, 3, 16, 16], in: 0...1), fact: 1), using: model)
    guard case .completenessFailed(let gap) = explanation.status else {
      Issue.record("expected a failed completeness, found \(explanation.status)")
      return
    }
    #expect(gap > 1e-7)
    #expect(explanation.diagnostics.values["steps"] == 1)
  }

  @Test func `Grad-CAM weighs maps by their mean gradient and drops what speaks against`() throws {
    // Two channels of two positions; the score is 2·mean(A₀) − mean(A₁).
    let network = try Network(
      input: "x", inputShape: [2, 1, 2],
      nodes: [
        .init("features", ReLU(), of: ["x"]),
        .init("pooled", GlobalAveragePool(), of: ["features"]),
        .init("flat", Reshape(item: [2]), of: ["pooled"]),
        .init(
          "scores", try Dense(weights: Tensor([2, -1], shape: [1, 2]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
    let input = Tensor([3, 1, 1, 4], shape: [1, 2, 1, 2])
    let explanation = try GradCAM().explain(
      question(input, fact: 0), using: CompiledNetwork(network))
    // Weights 2/2 and −1/2: (3 − 0.5, 1 − 2).
    #expect(explanation.map.values.scalars == [2.5, 0])
    #expect(explanation.map.sign == .magnitude)
    #expect(explanation.diagnostics.notes["layer"] == "features")
  }

  @Test func `the layer for class activation passes over maps of the classes themselves`() throws {
    let window = SmallNetworks.window(1)
    let network = try Network(
      input: "x", inputShape: [3, 4, 4],
      nodes: [
        .init(
          "features",
          try Convolution2D(weights: Tensor(repeating: 1, shape: [6, 3, 1, 1]), window: window),
          of: ["x"]),
        .init(
          "classes",
          try Convolution2D(weights: Tensor(repeating: 1, shape: [2, 6, 1, 1]), window: window),
          of: ["features"]),
        .init("pooled", GlobalAveragePool(), of: ["classes"]),
        .init("scores", Reshape(item: [2]), of: ["pooled"]),
      ], logits: "scores")
    #expect(CompiledNetwork(network).activationLayer?.name == "features")
  }

  @Test func `an unknown layer is refused with its neighbours`() throws {
    var method = GradCAM()
    method.layer = .named("relu3")
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let question = question(random.tensor([1, 3, 16, 16]), fact: 1)
    #expect {
      try method.explain(question, using: model)
    } throws: { error in
      "\(error)".contains("did you mean 'relu1', 'relu2'?")
    }
  }

  private func question(_ values: [Float], fact: Int, foil: Int? = nil) -> Question {
    question(Tensor(values, shape: [1, 1, 1, values.count]), fact: fact, foil: foil)
  }

  private func question(_ input: Tensor, fact: Int, foil: Int? = nil) -> Question {
    Question(Subject.synthetic(input), fact: fact, foil: foil)
  }
}

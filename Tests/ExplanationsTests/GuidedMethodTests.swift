import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// What the guided methods must find on networks that can be worked out on paper.
struct GuidedMethodTests {
  /// x → (x₀ − x₁, x₁ − 2, x₀) → rectified → scores.
  private func network(_ activation: any Layer) throws -> Network {
    try Network(
      input: "x", inputShape: [1, 1, 2],
      nodes: [
        .init("flat", Reshape(item: [2]), of: ["x"]),
        .init(
          "sums",
          try Dense(
            weights: Tensor([1, -1, 0, 1, 1, 0], shape: [3, 2]),
            bias: Tensor([0, -2, 0], shape: [3]), transposed: true), of: ["flat"]),
        .init("active", activation, of: ["sums"]),
        .init(
          "scores",
          try Dense(weights: Tensor([3, 5, -7, 0, 2, 4], shape: [2, 3]), transposed: true),
          of: ["active"]),
      ], logits: "scores")
  }

  private func question(_ values: [Float], fact: Int) -> Question {
    Question(.synthetic(Tensor(values, shape: [1, 1, 1, values.count])), fact: fact)
  }

  @Test func `rectifiers let back what is positive where they are active`() throws {
    // Sums (3, −1, 4): the second rectifier is closed, and the third would carry −7 back.
    let model = CompiledNetwork(try network(ReLU()))
    let explanation = try GuidedBackprop().explain(question([4, 1], fact: 0), using: model)
    #expect(explanation.map.values.scalars == [3, -3])
    #expect(explanation.map.sign == .signed)
    #expect(explanation.diagnostics.notes == [:])
    let ordinary = try Gradient().explain(question([4, 1], fact: 0), using: model)
    #expect(ordinary.map.values.scalars == [-4, -3])
  }

  @Test(
    arguments: [
      Clip(ClipFunction(low: 0, high: 6)), LeakyReLU(LeakyRectifier()),
      HardSwish(HardSwishFunction()),
      Tanh(HyperbolicTangent()),
    ] as [any Layer])
  func `without a rectifier the guided gradient is the gradient, and says so`(
    _ activation: any Layer
  ) throws {
    let model = CompiledNetwork(try network(activation))
    let question = question([4, 1], fact: 0)
    let guided = try GuidedBackprop().explain(question, using: model)
    #expect(guided.map == (try Gradient().explain(question, using: model).map))
    #expect(guided.diagnostics.notes["rule"]?.contains("no Relu") == true)
  }

  @Test func `a coarse map is repeated over what its positions cover`() {
    // 5 columns over 2 and 3 rows over 2: ⌊i·2/5⌋ and ⌊i·2/3⌋.
    let fine = Tensor(repeating: 1, shape: [2, 3, 5])
    let product = GuidedGradCAM.product(of: fine, and: Tensor([1, 2, 3, 4], shape: [1, 2, 2]))
    let plane: [Float] = [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4]
    #expect(product.scalars == plane + plane)
  }

  @Test func `guided Grad-CAM is the guided gradient times Grad-CAM's map`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let question = Question(.synthetic(random.tensor([1, 3, 16, 16], in: 0...1)), fact: 1, foil: 2)
    let found = try GuidedGradCAM().explain(question, using: model)
    let guided = try GuidedBackprop().explain(question, using: model)
    let features = try GradCAM().explain(question, using: model)
    #expect(
      found.map.values
        == GuidedGradCAM.product(of: guided.map.values, and: features.map.values))
    #expect(found.diagnostics.notes["layer"] == features.diagnostics.notes["layer"])
    #expect(found.diagnostics.forwardPasses == 2)
    #expect(found.diagnostics.backwardPasses == 2)
  }
}

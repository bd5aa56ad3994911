import Networks
import Tensors
import TestSupport
import Testing

struct ObjectiveTests {
  let model: CompiledNetwork
  let input = Tensor([0.3, 0.9, -0.2], shape: [1, 1, 1, 3])

  init() throws {
    model = CompiledNetwork(
      try SmallNetworks.linear([[1, 2, 3], [0, -1, 1], [2, 0, -2]], bias: [0.1, 0.2, 0.3]))
  }

  @Test func `the gradient of a logit is its row of weights`() {
    let (values, gradient) = model.gradient(of: .logit(2), for: input)
    #expect(gradient.scalars == [2, 0, -2])
    #expect((values[0] - 1.3).magnitude < 1e-6)
  }

  @Test func `the margin is a difference of logits`() {
    let (values, gradient) = model.gradient(of: .margin(0, over: 1), for: input)
    #expect(gradient.scalars == [1, 3, 2])
    #expect((values[0] - (1.6 - -0.9)).magnitude < 1e-6)
  }

  @Test func `objectives add and scale`() {
    let objective: Objective = 2 * .logit(0) + .logit(1) - .logit(2)
    let (values, gradient) = model.gradient(of: objective, for: input)
    #expect(gradient.scalars == [0, 3, 9])
    #expect((values[0] - (3.2 - 0.9 - 1.3)).magnitude < 1e-6)
  }

  @Test func `the gradient of a probability is p times the row's distance from the mean row`() {
    let p = model.prediction(for: input).probabilities
    let rows: [[Float]] = [[1, 2, 3], [0, -1, 1], [2, 0, -2]]
    let (values, gradient) = model.gradient(of: .probability(1), for: input)
    #expect(values[0] == p[1])
    for column in 0..<3 {
      let mean = (0..<3).reduce(Float(0)) { $0 + p[$1] * rows[$1][column] }
      #expect((gradient[column] - p[1] * (rows[1][column] - mean)).magnitude < 1e-6)
    }
  }

  @Test func `a saturated softmax still has a slope`() throws {
    // The margin of 60 makes the probability round to 1.
    let sure = CompiledNetwork(try SmallNetworks.linear([[60], [0]], bias: [0, 0]))
    let one = Tensor([1], shape: [1, 1, 1, 1])
    let (values, gradient) = sure.gradient(of: .probability(0), for: one)
    #expect(values == [1])
    #expect(gradient[0] > 0)
  }
}

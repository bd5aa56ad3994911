import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// What a pass that is compared with a reference promises.
struct RescalingTests {
  static let request = TraceRequest(
    seeding: [.logits], gradients: [.input], compares: true)

  /// What comes back from random seeds, and what it should account for: Σ seed · Δoutput.
  private func sweep(
    _ model: CompiledNetwork, _ input: Tensor, against reference: Tensor
  ) -> (gradient: Tensor, seeds: Tensor, change: Double) {
    var random = TestRandom(5)
    let seeds = random.tensor([input.batch, model.classCount])
    let trace = model.trace(input, against: reference, for: Self.request)
    let change = seeds.dot(trace[.logits]) - seeds.dot(trace[reference: .logits])
    return (trace.gradient(seeding: [.logits: seeds]), seeds, change)
  }

  /// Functions of several values that have kinks, or turn sharply near zero: their mean derivative on
  /// the way is as good as eight points find it. All others are exact, or as good as that.
  static let rough: Set = [
    "choice between input and its square", "cubic lengths under windows, rounded up",
    "largest along axes that are apart", "layer normalisation of rows",
    "length along the channels", "lengths under windows that overlap", "smallest along the rows",
    "sum of magnitudes", "sums of magnitudes under windows", "vectors of length 1",
    "vectors whose magnitudes add up to 1",
  ]

  @Test(arguments: LayerGradientTests.cases, Engine.available)
  func `what comes back accounts for the change`(
    _ item: LayerGradientTests.Case, _ engine: Engine
  ) throws {
    var random = TestRandom(3)
    let shape = Shape([1] + item.input.extents)
    let (input, reference) = (random.tensor(shape), random.tensor(shape))
    let model = CompiledNetwork(try item.network(), engine: engine)
    let (gradient, _, change) = sweep(model, input, against: reference)
    let gap = (gradient.dot(input - reference) - change).magnitude / change.magnitude
    // Rounding of some hundred terms that cancel one another in part.
    #expect(gap < (Self.rough.contains(item.testDescription) ? 0.5 : 5e-5))
  }

  @Test(arguments: LayerGradientTests.cases)
  func `beside itself a picture has its ordinary gradient`(_ item: LayerGradientTests.Case) throws {
    var random = TestRandom(3)
    let input = random.tensor(Shape([1] + item.input.extents))
    let model = CompiledNetwork(try item.network())
    let (gradient, seeds, change) = sweep(model, input, against: input)
    #expect(change == 0)
    let plain = model.trace(
      input, for: TraceRequest(seeding: [.logits], gradients: [.input])
    ).gradient(seeding: [.logits: seeds])
    #expect(relativeError(gradient, plain) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `each pass alone, and each left out, gives the same`(_ engine: Engine) throws {
    var random = TestRandom(23)
    let input = random.tensor([3, 3, 16, 16], in: 0...1)
    let reference = random.tensor([3, 3, 16, 16], in: 0...1)
    for network in [
      try SmallNetworks.mixed(), try PlanPassTests.residual(), try PlanPassTests.joined(),
    ] {
      let plain = sweep(
        CompiledNetwork(network, engine: .portable, passes: []), input, against: reference)
      let accounted = plain.gradient.dot(input - reference)
      #expect((accounted - plain.change).magnitude < 1e-5 * max(1, plain.change.magnitude))
      let all = Set(PlanPass.allCases)
      let choices: [Set<PlanPass>] = PlanPass.allCases.flatMap { [[$0], all.subtracting([$0])] }
      for passes in choices + [all] {
        let model = CompiledNetwork(network, engine: engine, passes: passes)
        let found = sweep(model, input, against: reference)
        // Slopes between points that are close magnify what other orders of sums leave.
        #expect(relativeError(found.gradient, plain.gradient) < 1e-4, "\(passes)")
        #expect((found.change - plain.change).magnitude < 1e-4)
      }
    }
  }

  @Test(arguments: Engine.available)
  func `neither company nor threads change a bit`(_ engine: Engine) throws {
    var random = TestRandom(23)
    let input = random.tensor([5, 3, 16, 16], in: 0...1)
    let reference = random.tensor([5, 3, 16, 16], in: 0...1)
    let model = CompiledNetwork(try PlanPassTests.residual(), engine: engine)
    let seeds = random.tensor([5, model.classCount])
    func gradient(_ items: Range<Int>) -> Tensor {
      model.trace(input.items(items), against: reference.items(items), for: Self.request)
        .gradient(seeding: [.logits: seeds.items(items)])
    }
    let together = ComputeThreads.withWidth(2) { gradient(0..<5) }
    for item in 0..<5 {
      #expect(gradient(item..<item + 1) == together.item(item))
    }
  }

  @Test(arguments: Engine.available)
  func `a second sweep finds what the first one did`(_ engine: Engine) throws {
    var random = TestRandom(23)
    let input = random.tensor([2, 3, 16, 16], in: 0...1)
    let reference = random.tensor([2, 3, 16, 16], in: 0...1)
    var request = Self.request
    request.sweeps = .many
    for network in [try SmallNetworks.mixed(), try PlanPassTests.residual()] {
      let model = CompiledNetwork(network, engine: engine)
      let seeds = random.tensor([2, model.classCount])
      let trace = model.trace(input, against: reference, for: request)
      let first = trace.gradients(seeding: [.logits: seeds])
      #expect(trace.gradients(seeding: [.logits: seeds]) == first)
    }
  }

  @Test func `values of both passes can be read`() throws {
    var random = TestRandom(23)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let reference = random.tensor([1, 3, 16, 16], in: 0...1)
    let model = CompiledNetwork(try SmallNetworks.mixed())
    let trace = model.trace(input, against: reference, for: Self.request)
    #expect(trace[.logits] == model.logits(for: input))
    #expect(trace[reference: .logits] == model.logits(for: reference))
  }

  @Test func `a change of nothing asks for no second pass`() throws {
    // What does not depend on the picture is computed once, and goes back as ever.
    let network = try SmallNetworks.around(
      Multiply(), input: [1, 2, 2],
      before: [
        .init("constant", Constant(Tensor([-4, 9], shape: [2, 1])), of: []),
        .init("root", Abs(Magnitude()), of: ["constant"]),
      ], inputs: ["x", "root"])
    let trace = CompiledNetwork(network).trace(
      Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2]), against: Tensor(zeros: [1, 1, 2, 2]),
      for: Self.request)
    let found = trace.gradient(seeding: [.logits: Tensor([1, 1, 1, 1], shape: [1, 4])])
    #expect(found.scalars == [4, 4, 9, 9])
  }

  @Test func `a comparison without references traps, and so do references without one`() async {
    await #expect(processExitsWith: .failure) {
      let model = CompiledNetwork(try SmallNetworks.mixed())
      _ = model.trace(Tensor(zeros: [1, 3, 16, 16]), for: RescalingTests.request)
    }
    await #expect(processExitsWith: .failure) {
      let model = CompiledNetwork(try SmallNetworks.mixed())
      let input = Tensor(zeros: [1, 3, 16, 16])
      _ = model.trace(input, against: input, for: TraceRequest())
    }
  }
}

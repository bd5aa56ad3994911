import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// What sampling and perturbing methods must find on networks that can be worked out on paper.
struct PerturbationTests {
  /// A linear score of a picture `[1, 8, 8]` with weights that fall along its rows.
  static func linear() throws -> (model: CompiledNetwork, weights: [Float]) {
    let weights = (0..<64).map { Float($0 % 8) - 2 }
    let network = try Network(
      input: "x", inputShape: [1, 8, 8],
      nodes: [
        .init("flat", Reshape(item: [64]), of: ["x"]),
        .init(
          "scores",
          try Dense(
            weights: Tensor(weights + [Float](repeating: 0, count: 64), shape: [2, 64]),
            transposed: true), of: ["flat"]),
      ], logits: "scores")
    return (CompiledNetwork(network), weights)
  }

  static func question(seed: UInt64 = 1) -> Question {
    var random = TestRandom(11)
    return Question(.synthetic(random.tensor([1, 1, 8, 8], in: 0...1), seed: seed), fact: 0)
  }

  @Test func `a region's Shapley value under a linear score is its part of it`() throws {
    let (model, weights) = try Self.linear()
    let question = Self.question()
    let regions = Regions.grid(width: 8, height: 8, count: 16)
    var parts = [Double](repeating: 0, count: 16)
    for (position, label) in regions.labels.enumerated() {
      parts[label] += Double(weights[position] * question.subject.input[position])
    }
    var shap = KernelSHAP()
    (shap.segmentation, shap.regions, shap.baseline) = (.grid, 16, .black)
    var ablation = FeatureAblation()
    (ablation.segmentation, ablation.regions, ablation.baseline) = (.grid, 16, .black)
    let maps = [
      try shap.explain(question, using: model).map,
      try ablation.explain(question, using: model).map,
    ]
    for map in maps {
      for (position, label) in regions.labels.enumerated() {
        #expect((Double(map.values[position]) - parts[label]).magnitude < 1e-4)
      }
    }
    // Without a ridge and with a linear score, every linear fit is the same.
    var lime = LIME()
    (lime.segmentation, lime.regions, lime.baseline) = (.grid, 16, .black)
    (lime.ridge, lime.score, lime.samples) = (0, .logit, 200)
    let fit = try lime.explain(question, using: model)
    for (position, label) in regions.labels.enumerated() {
      #expect((Double(fit.map.values[position]) - parts[label]).magnitude < 1e-3)
    }
  }

  @Test func `values of Kernel SHAP add up to the change of the score`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let question = Question(.synthetic(random.tensor([1, 3, 16, 16], in: 0...1)), fact: 1)
    let regions = SLIC(regions: 20).regions(of: question.subject.input)
    var method = KernelSHAP()
    method.samples = 400
    let explanation = try method.explain(question, using: model, by: regions)
    var values: [Int: Double] = [:]
    for (position, label) in regions.labels.enumerated() {
      values[label] = Double(explanation.map.values[position])
    }
    let of = explanation.diagnostics.values
    let change = try #require(of["objective"]) - (try #require(of["objectiveAtBaseline"]))
    #expect((values.values.reduce(0, +) - change).magnitude < 1e-5 * max(1, change.magnitude))
  }

  @Test func `too few samples for the regions are refused`() throws {
    let (model, _) = try Self.linear()
    var method = KernelSHAP()
    (method.segmentation, method.regions, method.samples) = (.grid, 64, 8)
    #expect(throws: ExplainerError.self) {
      try method.explain(Self.question(), using: model)
    }
  }

  @Test func `RISE is highest where a score looks`() throws {
    // A score that is one pixel.
    var weights = [Float](repeating: 0, count: 64)
    weights[19] = 1
    let network = try Network(
      input: "x", inputShape: [1, 8, 8],
      nodes: [
        .init("flat", Reshape(item: [64]), of: ["x"]),
        .init(
          "scores", try Dense(weights: Tensor(weights, shape: [1, 64]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
    var method = RISE()
    (method.score, method.cells, method.samples) = (.logit, 8, 4000)
    let explanation = try method.explain(
      Question(.synthetic(Tensor(repeating: 1, shape: [1, 1, 8, 8])), fact: 0),
      using: CompiledNetwork(network))
    let values = explanation.map.values.scalars
    #expect(values.max() == values[19])
    // Far from it masks are independent of the score.
    let errors = try #require(explanation.standardError).values
    #expect(values[63].magnitude < 5 * errors[63])
    #expect(values[19] > 20 * errors[19])
  }

  @Test func `a linear score has no gradient noise, and a standard error of zero`() throws {
    let (model, weights) = try Self.linear()
    let smooth = try SmoothGrad().explain(Self.question(), using: model)
    #expect(smooth.map.values.scalars == weights)
    #expect(try #require(smooth.standardError).values.largestMagnitude == 0)
    let spread = try VarGrad().explain(Self.question(), using: model)
    #expect(spread.map.values.largestMagnitude == 0)
  }

  /// Samples of a network with kinks: the means of two seeds differ by what the standard errors say.
  @Test func `standard errors tell how far two seeds differ`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    func deviations(_ method: some Explainer<any DifferentiableClassifier>) throws -> Double {
      let both = try [UInt64(1), 2].map {
        try method.explain(Question(.synthetic(input, seed: $0), fact: 1), using: model)
      }
      let (a, b) = (try #require(both[0].standardError), try #require(both[1].standardError))
      let difference = both[0].map.values - both[1].map.values
      let expected = a.values.dot(a.values) + b.values.dot(b.values)
      return (difference.dot(difference) / expected).squareRoot()
    }
    // The mean over hundreds of positions, which are not independent of one another.
    for ratio in [
      try deviations(SmoothGrad()), try deviations(SmoothGradSquared()), try deviations(VarGrad()),
    ] {
      #expect((0.5...2).contains(ratio), "\(ratio)")
    }
  }

  @Test func `sampling ends when the map is certain enough, or says that it is not`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let question = Question(.synthetic(random.tensor([1, 3, 16, 16], in: 0...1)), fact: 1)
    var method = SmoothGrad()
    (method.samples, method.tolerance) = (2000, 0.1)
    let explanation = try method.explain(question, using: model)
    let taken = try #require(explanation.diagnostics.values["samples"])
    #expect(explanation.status == .complete)
    #expect(taken < 2000)
    #expect(try #require(explanation.diagnostics.values["relativeError"]) <= 0.1)
    (method.samples, method.tolerance) = (64, 1e-4)
    guard case .uncertain = try method.explain(question, using: model).status else {
      Issue.record("64 samples cannot be that certain")
      return
    }
  }

  @Test func `more samples begin with fewer`() throws {
    // Samples are looked up by number, so that a longer run extends a shorter one.
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let subject = Subject.synthetic(random.tensor([1, 3, 16, 16], in: 0...1), seed: 5)
    func sum(_ count: Int) throws -> Tensor {
      var method = SmoothGrad()
      method.samples = count
      return Float(count)
        * (try method.explain(Question(subject, fact: 1), using: model).map.values)
    }
    var sums = PowerSums(subject.input.shape.item)
    let noise = CounterRandom(seed: 5, stream: RandomStream.noise)
    let (low, high) = (subject.input.scalars.min() ?? 0, subject.input.scalars.max() ?? 0)
    sums.addGradients(of: .logit(1), using: model, at: 20..<30) { index in
      var copy = subject.input
      copy.add(noise.normal(copy.shape, sample: index), scaledBy: 0.15 * (high - low))
      return copy
    }
    #expect(relativeError(try sum(30) - (try sum(20)), Float(10) * sums.mean) < 1e-4)
  }

  @Test func `the mean over baselines is the mean of their maps`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(3)
    let question = Question(.synthetic(random.tensor([1, 3, 16, 16], in: 0...1)), fact: 1)
    func map(_ baselines: BaselineMixture) throws -> Tensor {
      var method = IntegratedGradients()
      (method.baseline, method.maximumSteps) = (baselines, 32)
      return try method.explain(question, using: model).map.values
    }
    let both = try map(BaselineMixture(.black, .blur))
    let sum = try map(BaselineMixture(.black)) + (try map(BaselineMixture(.blur)))
    #expect(relativeError(both, 0.5 * sum) < 1e-5)
    var options = MethodOptions()
    options.set("baseline", to: "black+gray")
    #expect {
      try ExplainerCatalog.entry(named: "integrated-gradients")?.configured(options)
    } throws: { "\($0)".contains("black, white, mean, blur, noise") }
  }

  @Test func `baselines keep what they promise`() {
    var random = TestRandom(4)
    let input = random.tensor([1, 3, 12, 10], in: 0...1)
    let mean = Baseline.mean.tensor(for: input)
    let blur = Baseline.blur.tensor(for: input)
    for plane in 0..<3 {
      let values = input.scalars[plane * 120..<(plane + 1) * 120]
      let average = values.reduce(0, +) / 120
      #expect(
        mean.scalars[plane * 120..<(plane + 1) * 120].allSatisfy { ($0 - average).magnitude < 1e-6 }
      )
      let blurred = blur.scalars[plane * 120..<(plane + 1) * 120]
      #expect((blurred.reduce(0, +) / 120 - average).magnitude < 1e-5)
    }
    let noise = Baseline.noise.tensor(for: input, seed: 1)
    #expect(noise == Baseline.noise.tensor(for: input, seed: 1))
    #expect(noise != Baseline.noise.tensor(for: input, seed: 2))
    #expect(noise != Baseline.noise.tensor(for: input, seed: 1, draw: 1))
  }
}

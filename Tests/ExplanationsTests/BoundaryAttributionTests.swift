import Boundaries
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Attribution from the nearest boundary, on boundaries that are known on paper.
struct BoundaryAttributionTests {
  /// 3x − 4y + 12z − 2 against 0, whose input is x = 10p − 5 for pixels p, so that they lie in 0...1.
  private func plane() throws -> CompiledNetwork {
    CompiledNetwork(
      try SmallNetworks.linear([[30, -40, 120], [0, 0, 0]], bias: [-2 - 5 * 11, 0]))
  }

  private func pixels(_ values: [Float]) -> Tensor {
    Tensor(values.map { ($0 + 5) / 10 }, shape: [1, 1, 1, values.count])
  }

  private func question(
    _ values: [Float], fact: Int = 0, foil: Int? = nil
  ) -> Question { Question(.synthetic(pixels(values)), fact: fact, foil: foil) }

  @Test func `a plane's saliency is its weights, and its path shares out the margin`() throws {
    let (model, question) = (try plane(), question([1, 0.5, 2]))
    let saliency = try BoundarySaliency().explain(question, using: model)
    #expect(saliency.map.values.scalars == [30, -40, 120])
    #expect(saliency.status == .complete && saliency.map.sign == .signed)
    #expect((try #require(saliency.diagnostics.values["distance"]) - 2.3 / 13).magnitude < 1e-6)
    let counterpart = try #require(saliency.counterpart)
    #expect(close(counterpart, pixels([0.591716, 1.044379, 0.366864]).scalars, 1e-6))
    let path = try BoundaryIntegratedGradients().explain(question, using: model)
    #expect(close(path.map.values, [1.224852, 2.177515, 19.597633], 1e-4))
    #expect((path.map.values.sum - 23).magnitude < 1e-4)
    #expect(path.status == .complete && path.counterpart == counterpart)
    #expect(path.diagnostics.values["steps"] == 32)
    #expect(path.diagnostics.values["otherClass"] == 0)
  }

  @Test(arguments: [1, 2, 7, 32]) func `weights add up to one with any number of steps`(
    steps: Int
  ) throws {
    var method = BoundaryIntegratedGradients()
    (method.steps, method.maximumSteps) = (steps, 1)
    for score in BoundaryScore.allCases {
      method.of = score
      let explanation = try method.explain(question([1, 0.5, 2]), using: try plane())
      #expect(close(explanation.map.values, [1.224852, 2.177515, 19.597633], 1e-4))
    }
  }

  @Test func `the fact's own score and the margin differ where the other class has a slope`() throws
  {
    // Margin 3x − 4y + 12z − 2, of which the other class's score has −2x + 4z − 1.
    let model = CompiledNetwork(
      try SmallNetworks.linear(
        [[10, -40, 160], [-20, 0, 40]], bias: [-3 - 5 * 13, -1 - 5 * 2]))
    let question = question([1, 0.5, 2])
    var (saliency, path) = (BoundarySaliency(), BoundaryIntegratedGradients())
    #expect(
      close(try saliency.explain(question, using: model).map.values, [30, -40, 120], 1e-4))
    #expect(
      close(
        try path.explain(question, using: model).map.values, [1.224852, 2.177515, 19.597633],
        1e-4))
    saliency.of = .logit
    path.of = .logit
    #expect(try saliency.explain(question, using: model).map.values.scalars == [10, -40, 160])
    // g / |w|² · w · wᵢ
    #expect(
      close(
        try path.explain(question, using: model).map.values,
        [23.0 / 169 * 3, 23.0 / 169 * 16, 23.0 / 169 * 12 * 16], 1e-4))
  }

  /// r² − |x|² against 0 with x = 10p − 5.
  private func sphere(radius: Float) throws -> CompiledNetwork {
    CompiledNetwork(
      try Network(
        input: "p", inputShape: [1, 1, 3],
        nodes: [
          .init(
            "x",
            try ScaleChannels(scale: Tensor([10], shape: [1]), shift: Tensor([-5], shape: [1])),
            of: ["p"]),
          .init("square", Multiply(), of: ["x", "x"]),
          .init("flat", Reshape(item: [3]), of: ["square"]),
          .init(
            "scores",
            try Dense(
              weights: Tensor([-1, -1, -1, 0, 0, 0], shape: [2, 3]),
              bias: Tensor([radius * radius, 0], shape: [2]), transposed: true),
            of: ["flat"]),
        ], logits: "scores"))
  }

  @Test func `a sphere's path is exact with any number of steps`() throws {
    var method = BoundaryIntegratedGradients()
    for steps in [1, 5, 32] {
      method.steps = steps
      let explanation = try method.explain(
        question([0.3, -0.4, 1.2]), using: try sphere(radius: 2))
      #expect(close(explanation.map.values, [0.123018, 0.218698, 1.968284], 2e-3))
      #expect((explanation.map.values.sum - 2.31).magnitude < 1e-4)
      #expect(explanation.diagnostics.values["steps"] == Double(steps))
      #expect(explanation.status == .complete)
    }
    let saliency = try BoundarySaliency().explain(
      question([0.3, -0.4, 1.2]), using: try sphere(radius: 2))
    // −2x′ times the slope of x, 10.
    #expect(close(saliency.map.values, [-120 / 13, 160 / 13, -480 / 13], 2e-2))
  }

  @Test func `what has no nearest point says so`() throws {
    func statuses(_ question: Question, _ model: CompiledNetwork) throws -> [Explanation] {
      [
        try BoundarySaliency().explain(question, using: model),
        try BoundaryIntegratedGradients().explain(question, using: model),
      ]
    }
    for centre in try statuses(question([0, 0, 0]), sphere(radius: 2)) {
      #expect(centre.status == .boundary(.degenerateTie))
    }
    for misled in try statuses(question([1, 0.5, 2], fact: 1), plane()) {
      #expect(misled.status == .boundary(.startMisclassified))
      #expect(misled.map.values.largestMagnitude == 0 && misled.counterpart == nil)
      #expect(misled.diagnostics.values["distance"] == 0)
    }
    let certain = CompiledNetwork(
      try SmallNetworks.linear([[3, -4, 12], [0, 0, 0]], bias: [5, 0]))
    for infeasible in try statuses(question([1, 0.5, 2]), certain) {
      #expect(infeasible.status == .boundary(.infeasibleBox))
      #expect(infeasible.map.values.largestMagnitude == 0)
    }
    for broken in try statuses(question([.nan, 0, 0]), plane()) {
      #expect(broken.status == .boundary(.nonFinite))
    }
    let flat = CompiledNetwork(
      try SmallNetworks.linear([[0, 0, 0], [0, 0, 0]], bias: [1, 0]))
    for vanished in try statuses(question([0, 0, 0]), flat) {
      #expect(vanished.status == .boundary(.infeasibleBox))
    }
  }

  @Test func `a boundary at the picture leaves nothing to share out`() throws {
    // A margin of about 1e-5, and a slope of 130.
    let model = CompiledNetwork(
      try SmallNetworks.linear([[30, -40, 120], [0, 0, 0]], bias: [-55 + 1e-5, 0]))
    let question = Question(
      .synthetic(Tensor(repeating: 0.5, shape: [1, 1, 1, 3])), fact: 0)
    let margin = model.values(of: .margin(0, over: 1), for: question.subject.input)[0]
    try #require(margin > 0)
    let path = try BoundaryIntegratedGradients().explain(question, using: model)
    guard case .boundaryTooNear(let distance) = path.status else {
      Issue.record("expected a boundary too near, found \(path.status)")
      return
    }
    #expect(distance < 1e-6)
    #expect(try BoundarySaliency().explain(question, using: model).status == .complete)
  }

  @Test func `paths add up to the margin in a network with everything in it`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(5)
    var method = BoundaryIntegratedGradients()
    method.maximumSteps = 4096
    var count = 0
    for _ in 0..<6 {
      let input = random.tensor([1, 3, 16, 16], in: 0...1)
      let logits = model.prediction(for: input).logits
      let fact = Prediction(logits: logits).top
      let explanation = try method.explain(Question(.synthetic(input), fact: fact), using: model)
      // Random networks may have one class only.
      if explanation.status == .boundary(.noBoundaryFound) { continue }
      #expect(explanation.status == .complete)
      count += 1
      let foil = Int(try #require(explanation.diagnostics.values["foil"]))
      let margin = Double(logits[fact] - logits[foil])
      #expect((explanation.map.values.sum - margin).magnitude <= 0.011 * margin)
      #expect((0...1).contains(try #require(explanation.diagnostics.values["otherClass"])))
      let counterpart = try #require(explanation.counterpart)
      #expect(model.prediction(for: counterpart).top == foil)
    }
    #expect(count >= 2)
  }

  @Test func `paths from many boundary points are averaged, and add up to the mean margin`() throws
  {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(5)
    var method = BoundaryIntegratedGradients()
    method.maximumSteps = 4096
    var count = 0
    for _ in 0..<6 {
      let input = random.tensor([1, 3, 16, 16], in: 0...1)
      let fact = model.prediction(for: input).top
      let question = Question(.synthetic(input), fact: fact)
      method.starts = 1
      let single = try method.explain(question, using: model)
      method.starts = 10
      let many = try method.explain(question, using: model)
      let found = many.diagnostics.values
      guard single.status == .complete, let points = found["points"], points > 1 else { continue }
      count += 1
      #expect(single.standardError == nil && single.counterpart == many.counterpart)
      let margin = try #require(found["objective"]) - #require(found["objectiveAtBoundary"])
      #expect((many.map.values.sum - margin).magnitude <= 0.011 * margin.magnitude)
      let error = try #require(many.standardError)
      #expect(error.values.largestMagnitude > 0 && error.values.isFinite)
      #expect(try #require(found["relativeError"]) > 0)
      #expect(many.diagnostics.backwardPasses > 5 * single.diagnostics.backwardPasses)
    }
    #expect(count >= 1)
    method.starts = 0
    #expect(throws: ExplainerError.self) { try method.validate() }
  }

  @Test func `too few steps are said to be too few`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(5)
    var method = BoundaryIntegratedGradients()
    (method.steps, method.maximumSteps, method.tolerance) = (1, 1, 1e-7)
    var failed = 0
    for _ in 0..<6 {
      let input = random.tensor([1, 3, 16, 16], in: 0...1)
      let explanation = try method.explain(
        Question(.synthetic(input), fact: model.prediction(for: input).top), using: model)
      guard explanation.counterpart != nil else { continue }
      if case .completenessFailed = explanation.status { failed += 1 }
    }
    #expect(failed >= 2)
  }

  @Test(arguments: BoundarySearchCatalog.all.map { $0.about.name })
  func `any search can be chosen, with its own options`(name: String) throws {
    let entry = try #require(ExplainerCatalog.entry(named: "boundary-saliency"))
    let method = try entry.configured(MethodOptions(["search": name]))
    let explanation = try method.explain(question([1, 0.5, 2]), using: try plane())
    #expect(close(explanation.map.values, [30, -40, 120], 1e-3))
    let again = try entry.configured(recorded: method.parameters)
    #expect(again.parameters == method.parameters)
    guard case .object(let fields) = method.parameters, case .object(let search) = fields["search"]
    else {
      Issue.record("a search is a group of options")
      return
    }
    let type = try #require(BoundarySearchCatalog.search(named: name))
    #expect(search["name"] == .string(name))
    #expect(Set(search.keys) == Set(type.about.parameters.keys).union(["name"]))
  }

  @Test func `options reach the search that was chosen, and wrong ones are refused`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "boundary-integrated-gradients"))
    let chosen = MethodOptions(["search": "ddn"])
    #expect(entry.hasOption("search.gradients") && !entry.hasOption("search.radius"))
    #expect(entry.hasOption("search.radius", after: chosen))
    #expect(!entry.hasOption("search.gradients", after: chosen))
    _ = try entry.configured(MethodOptions(["search": "ddn", "search.steps": "7", "of": "logit"]))
    for (settings, reason) in [
      (["search": "quick"], "there are projection, deepfool"),
      (["search.gradients": "1"], "4 or more"),
      (["search": "ddn", "search.gradients": "20"], "there is no such option"),
      (["search.name": "ddn"], "has no 'firstWeight'"),
      (["of": "chance"], "there are margin, logit"),
      (["steps": "0"], "must be 1...4096"),
    ] as [(KeyValuePairs<String, String>, String)] {
      #expect("\(settings)") {
        _ = try entry.configured(MethodOptions(settings))
      } throws: { "\($0)".contains(reason) }
    }
  }

  private func close(_ tensor: Tensor, _ values: [Float], _ tolerance: Float) -> Bool {
    zip(tensor.scalars, values).allSatisfy { ($0 - $1).magnitude < tolerance }
  }
}

/// The mean normal of boundaries around a picture.
struct BoundaryNormalsTests {
  private func picture(_ seed: UInt64) -> Tensor {
    var random = TestRandom(seed)
    return random.tensor([1, 3, 16, 16], in: 0...1)
  }

  @Test func `all normals of a plane are its own`() throws {
    let model = CompiledNetwork(
      try SmallNetworks.linear([[3, -4, 12], [0, 0, 0]], bias: [-4.5, 0]))
    let explanation = try BoundaryNormals().explain(
      Question(.synthetic(Tensor([0.5, 0.4, 0.6], shape: [1, 1, 1, 3])), fact: 0), using: model)
    for (found, exact) in zip(explanation.map.values.scalars, [3, -4, 12].map { Float($0) / 13 }) {
      #expect((found - exact).magnitude < 1e-6)
    }
    let values = explanation.diagnostics.values
    #expect(explanation.status == .complete && values["samples"] == 16)
    #expect((try #require(values["resultantLength"]) - 1).magnitude < 1e-6)
    #expect((try #require(values["agreement"]) - 1).magnitude < 1e-6)
    #expect(try #require(explanation.standardError).values.largestMagnitude < 1e-6)
    #expect(explanation.strips.isEmpty)
  }

  @Test func `normals of several classes are told apart`() throws {
    let model = CompiledNetwork(
      try SmallNetworks.linear([[1, 0, 0], [0, 1, 0], [0, 0, 1]], bias: [0.2, 0, 0]))
    var method = BoundaryNormals()
    (method.samples, method.tolerance, method.classes) = (16, 0, 2)
    let explanation = try method.explain(
      Question(.synthetic(Tensor([0.6, 0.4, 0.4], shape: [1, 1, 1, 3])), fact: 0), using: model)
    let strip = try #require(explanation.strips.first)
    #expect(strip.name == "classes" && strip.frames.count == 2)
    let agreements = strip.frames.map { $0.values[4] }
    #expect(agreements.allSatisfy { ($0 - 1).magnitude < 1e-6 })
    // The two normals are (1, −1, 0)/√2 and (1, 0, −1)/√2, at 60 degrees.
    let agreement = try #require(explanation.diagnostics.values["agreement"])
    #expect(agreement > 0.6 && agreement < 0.85)
    let error = try #require(explanation.standardError).values
    #expect(error[0] < 1e-6 && error[1] > 0.01 && error[2] > 0.01)
    // With a foil, that class alone.
    let foil = try method.explain(
      Question(
        .synthetic(Tensor([0.6, 0.4, 0.4], shape: [1, 1, 1, 3])), fact: 0, foil: 2), using: model)
    #expect((try #require(foil.diagnostics.values["agreement"]) - 1).magnitude < 1e-6)
  }

  @Test func `sampling ends when the map is certain, and says where it is not`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    let input = picture(5)
    let question = Question(.synthetic(input), fact: model.prediction(for: input).top)
    var method = BoundaryNormals()
    (method.samples, method.tolerance) = (64, 0.9)
    let early = try method.explain(question, using: model)
    method.tolerance = 0
    let all = try method.explain(question, using: model)
    let (few, many) = (
      try #require(early.diagnostics.values["samples"]),
      try #require(all.diagnostics.values["samples"])
    )
    #expect(early.status == .complete && few < many && many == 64)
    #expect(try #require(early.diagnostics.values["relativeError"]) <= 0.9)
    method.tolerance = 1e-6
    method.samples = 16
    guard case .uncertain = try method.explain(question, using: model).status else {
      Issue.record("expected an uncertain map")
      return
    }
  }

  @Test func `what has no boundary says so`() throws {
    let certain = CompiledNetwork(
      try SmallNetworks.linear([[1, -2, 2], [0, 0, 0]], bias: [5, 0]))
    let subject = Subject.synthetic(Tensor([0.5, 0.4, 0.6], shape: [1, 1, 1, 3]))
    let none = try BoundaryNormals().explain(Question(subject, fact: 0), using: certain)
    #expect(none.status == .boundary(.infeasibleBox) && none.map.values.largestMagnitude == 0)
    #expect(none.diagnostics.values["infeasible-box"] == 16)
    let misled = try BoundaryNormals().explain(Question(subject, fact: 1), using: certain)
    #expect(misled.status == .boundary(.startMisclassified))
  }

  @Test func `weighted means and their errors are those of the formula`() {
    var sums = WeightedSums([2])
    let samples: [([Float], Double)] = [([1, 0], 1), ([0, 1], 0.5), ([1, 0], 2)]
    for (sample, weight) in samples { sums.add(Tensor(sample, shape: [2]), weight: weight) }
    let mean = [3.0 / 3.5, 0.5 / 3.5]
    for index in 0..<2 {
      #expect((Double(sums.mean[index]) - mean[index]).magnitude < 1e-6)
      let spread = samples.reduce(0.0) { sum, sample in
        let offset = Double(sample.0[index]) - mean[index]
        return sum + sample.1 * sample.1 * offset * offset
      }
      let error = (spread * 3 / 2).squareRoot() / 3.5
      #expect((Double(sums.errorOfMean[index]) - error).magnitude < 1e-6)
    }
    // Of the pairs, weighted 0.5, 2 and 1, only the second is of equal samples.
    #expect((sums.meanProduct - 2 / 3.5).magnitude < 1e-9)
    #expect((sums.resultantLength - (9.25).squareRoot() / 3.5).magnitude < 1e-9)
  }
}

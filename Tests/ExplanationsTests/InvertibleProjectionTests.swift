import Boundaries
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Projections on boundaries of features: answers on paper, and the laws of ties, sums and inverses.
struct InvertibleProjectionTests {
  // MARK: - On paper

  /// T = diag(2, 1) and the margin v₁ + v₂ − 1.
  private func diagonal(weights: [Float] = [1, 1, 0, 0], bias: [Float] = [-1, 0])
    throws -> InvertibleNetwork
  {
    try InvertibleNetwork(
      inputShape: [2, 1, 1],
      blocks: [
        try ChannelScaling("scale", scale: Tensor([2, 1], shape: [2]), shift: Tensor(zeros: [2]))
      ],
      head: try LinearHead(
        weights: Tensor(weights, shape: [bias.count, 2]), bias: Tensor(bias, shape: [bias.count]),
        isPooled: false))
  }

  private let corner = Tensor([1, 1], shape: [1, 2, 1, 1])

  @Test(arguments: Engine.available)
  func `a linear map has the projection on paper`(engine: Engine) throws {
    let model = CompiledInvertibleNetwork(try diagonal(), engine: engine)
    for gradient in LocalModel.allCases {
      var method = InvertibleProjection()
      method.gradient = gradient
      let explanation = try method.explain(Question(.synthetic(corner), fact: 0), using: model)
      #expect(explanation.counterpart?.scalars == [0.5, 0])
      // The weights of the points on a segment add up to 1 but for rounding.
      for value in explanation.map.values.scalars { #expect((value - 1).magnitude < 1e-6) }
      #expect(explanation.map.values.shape == [2, 1, 1] && explanation.map.sign == .signed)
      #expect(explanation.status == .complete)
      let values = explanation.diagnostics.values
      #expect((try #require(values["distance"]) - 1.118034).magnitude < 1e-6)
      #expect((try #require(values["featureDistance"]) - 2.squareRoot()).magnitude < 1e-12)
      #expect(values["startMargin"] == 2 && values["margin"] == 0 && values["foil"] == 1)
      #expect(values["reconstructionError"] == 0)
      #expect(try #require(values["completenessGap"]) < 1e-6)
      #expect(values["outside"] == 0 && values["outsideShare"] == 0)
      // The nearest picture is another: (0.2, 0.6).
      #expect((try #require(values["flipDistance"]) - 0.894427).magnitude < 1e-5)
      #expect((try #require(values["flipFeatureDistance"]) - 1.649242).magnitude < 1e-5)
      let changes = try #require(explanation.strips.first)
      #expect(changes.name == "changes" && changes.frames.count == 2)
      #expect((changes.maps[0] + 1.5).magnitude < 1e-6 && (changes.maps[1] + 1.2).magnitude < 1e-4)
    }
  }

  @Test(arguments: Engine.available)
  func `a coupling of rectifiers has the projection on paper`(engine: Engine) throws {
    func inner(_ factor: Float, _ shift: Float) throws -> InnerNetwork {
      try InnerNetwork(
        input: [1, 1, 1],
        layers: [
          (
            "affine",
            try ScaleChannels(
              scale: Tensor([factor], shape: [1]), shift: Tensor([shift], shape: [1]))
          ), ("relu", ReLU()),
        ])
    }
    // T(−2, 1.5) = (0, 1.5), whose projection for the margin 4 v₁ − 3 v₂ + 17 is (−2, 3) = T(−3, 1).
    let network = try InvertibleNetwork(
      inputShape: [2, 1, 1],
      blocks: [
        AdditiveCoupling("coupling", split: 1, F: try inner(2, -1), G: try inner(-1, 0))
      ],
      head: try LinearHead(
        weights: Tensor([4, -3, 0, 0], shape: [2, 2]), bias: Tensor([17, 0], shape: [2]),
        isPooled: true))
    let model = CompiledInvertibleNetwork(network, engine: engine)
    let explanation = try InvertibleProjection().explain(
      Question(.synthetic(Tensor([-2, 1.5], shape: [1, 2, 1, 1])), fact: 0), using: model)
    #expect(explanation.counterpart?.scalars == [-3, 1])
    #expect((explanation.map.values.sum - 12.5).magnitude < 1e-4)
    #expect(explanation.status == .complete)
    let values = explanation.diagnostics.values
    #expect(values["featureDistance"] == 2.5 && values["margin"] == 0)
    // Three below 0; and the picture itself is not within, so no flip point is looked for.
    #expect(values["outside"] == 3 && values["outsideShare"] == 1)
    #expect(values["flipDistance"] == nil && explanation.strips.isEmpty)
    #expect(explanation.diagnostics.notes["flip"]?.contains("leaves") == true)
  }

  // MARK: - Laws

  /// A head on every element, of features `[12, 8, 8]`.
  private static func flatHead(seed: UInt64 = 7) throws -> LinearHead {
    var random = TestRandom(seed)
    return try LinearHead(
      weights: random.tensor([5, 768], in: -0.1...0.1), bias: random.tensor([5]), isPooled: false)
  }

  /// What a pooled head is on every element.
  private static func unfolded(_ head: LinearHead, positions: Int) throws -> LinearHead {
    let weights = head.weights.scalars.flatMap {
      [Float](repeating: $0 / Float(positions), count: positions)
    }
    return try LinearHead(
      weights: Tensor(weights, shape: [head.classCount, weights.count / head.classCount]),
      bias: head.bias, isPooled: false)
  }

  private func pictures(_ count: Int = 4) -> [Tensor] {
    var random = TestRandom(3)
    return (0..<count).map { _ in random.tensor([1, 3, 16, 16], in: 0...1) }
  }

  @Test(arguments: [true, false])
  func `the map adds up to the margin, and the counterpart ties above all others`(
    isPooled: Bool
  ) throws {
    let network = try SmallNetworks.invertible(head: isPooled ? nil : Self.flatHead())
    let model = CompiledInvertibleNetwork(network)
    for picture in pictures() {
      let logits = model.logits(for: picture).scalars
      let ranking = model.prediction(for: picture).ranking(5)
      for foil in [nil, ranking[1], ranking[4]] {
        let explanation = try InvertibleProjection().explain(
          Question(.synthetic(picture), fact: ranking[0], foil: foil), using: model)
        #expect(explanation.status == .complete)
        let other = Int(try #require(explanation.diagnostics.values["foil"]))
        if let foil { #expect(other == foil) }
        let margin = Double(logits[ranking[0]] - logits[other])
        #expect((explanation.map.values.sum - margin).magnitude < 0.01 * margin)
        let counterpart = try #require(explanation.counterpart)
        let scores = model.logits(for: counterpart).scalars
        let tie = scores[ranking[0]]
        #expect((tie - scores[other]).magnitude < 2e-4)
        #expect(scores.allSatisfy { $0 < tie + 3e-4 })
      }
    }
  }

  @Test func `a pooled head and the same on every element have the same projection`() throws {
    let pooled = try SmallNetworks.pooledHead(classes: 5, channels: 12)
    let flat = try Self.unfolded(pooled, positions: 64)
    for picture in pictures() {
      let found = try [pooled, flat].map { head in
        let model = CompiledInvertibleNetwork(try SmallNetworks.invertible(head: head))
        let ranking = model.prediction(for: picture).ranking(3)
        return try InvertibleProjection().explain(
          Question(.synthetic(picture), fact: ranking[0], foil: ranking[2]), using: model)
      }
      #expect(relativeError(found[0].map.values, found[1].map.values) < 1e-3)
      let points = try found.map { try #require($0.counterpart) }
      #expect((points[0] - points[1]).largestMagnitude < 1e-4)
      let distances = try found.map { try #require($0.diagnostics.values["featureDistance"]) }
      #expect((distances[0] - distances[1]).magnitude < 1e-5 * distances[0])
    }
  }

  @Test func `on the nearest of all boundaries no third class leads`() throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = TestRandom(seed)
      let head = try LinearHead(
        weights: random.tensor([6, 3]), bias: random.tensor([6]), isPooled: false)
      let features = random.tensor([1, 3, 1, 1], in: -2...2)
      let scores = head.scores(of: features)[0]
      let fact = try #require(scores.indices.max { scores[$0] < scores[$1] })
      let ties = FeatureTies(head, fact: fact, features: features)
      let nearest = try #require(ties.nearest())
      let after = zip(ties.margins, nearest.changes).map { $0 + $1 }
      #expect(after.allSatisfy { $0 > -1e-9 } && after[nearest.foil].magnitude < 1e-9)
      // The programme for that pair has nothing to add, and no other pair ties nearer.
      for foil in scores.indices where foil != fact {
        guard let tie = ties.tie(with: foil) else { continue }
        #expect(tie.distance >= nearest.distance * (1 - 1e-12))
        if foil == nearest.foil {
          #expect((tie.distance - nearest.distance).magnitude < 1e-12 && tie.others.isEmpty)
        }
      }
    }
  }

  @Test func `a third class that leads at the plain projection is made to tie`() throws {
    // Scores v₁, −v₁ and 1 − v₂: the first two tie on v₁ = 0.
    let network = try diagonal(weights: [1, 0, -1, 0, 0, -1], bias: [0, 0, 1])
    let model = CompiledInvertibleNetwork(network)
    let picture = Tensor([0.9, 0.2], shape: [1, 2, 1, 1])
    let explanation = try InvertibleProjection().explain(
      Question(.synthetic(picture), fact: 0, foil: 1), using: model)
    // v = (1.8, 0.2). On v₁ = 0 both have 0, and the third no more from v₂ = 1 on.
    #expect(explanation.counterpart?.scalars == [0, 1])
    #expect(explanation.status == .complete)
    let values = explanation.diagnostics.values
    #expect(values["otherTies"] == 1 && values["thirdClassGap"] == 0)
    let exact = (1.8 * 1.8 + 0.8 * 0.8).squareRoot()
    #expect((try #require(values["featureDistance"]) - exact).magnitude < 1e-6)
  }

  @Test func `pictures side by side have the answers that they have alone`() async throws {
    let model = CompiledInvertibleNetwork(try SmallNetworks.invertible())
    let questions = pictures(6).map { picture in
      Question(.synthetic(picture), fact: model.prediction(for: picture).top)
    }
    let alone = try questions.map { try InvertibleProjection().explain($0, using: model) }
    let together = try await withThrowingTaskGroup(of: (Int, Explanation).self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask { (index, try InvertibleProjection().explain(question, using: model)) }
      }
      return try await group.reduce(into: [Int: Explanation]()) { $0[$1.0] = $1.1 }
    }
    for (index, explanation) in alone.enumerated() {
      #expect(together[index]?.map == explanation.map)
      #expect(together[index]?.counterpart == explanation.counterpart)
      #expect(together[index]?.diagnostics == explanation.diagnostics)
    }
    // As features, too, whatever else is in the batch.
    let batch = model.features(of: .concatenating(pictures(3)))
    for (index, picture) in pictures(3).enumerated() {
      #expect(batch.item(index) == model.features(of: picture))
      #expect(
        model.input(restoring: batch).item(index) == model.input(restoring: batch.item(index)))
    }
  }

  // MARK: - What cannot be, and what goes wrong

  private func status(
    _ model: CompiledInvertibleNetwork, _ picture: Tensor, fact: ClassIndex = 0,
    foil: ClassIndex? = nil, _ change: (inout InvertibleProjection) -> Void = { _ in }
  ) throws -> Explanation.Status {
    var method = InvertibleProjection()
    change(&method)
    let explanation = try method.explain(
      Question(.synthetic(picture), fact: fact, foil: foil), using: model)
    switch explanation.status {
    case .complete, .inverseDrift, .completenessFailed, .boundary(.degenerateTie): break
    default:
      #expect(explanation.map.values.largestMagnitude == 0 && explanation.counterpart == nil)
    }
    return explanation.status
  }

  @Test func `classes with the same weights have no boundary`() throws {
    let model = CompiledInvertibleNetwork(try diagonal(weights: [1, 1, 1, 1], bias: [1, 0]))
    #expect(try status(model, corner) == .parallelClasses)
    #expect(try status(model, corner, foil: 1) == .parallelClasses)
    #expect(Explanation.Status.parallelClasses.code == "parallel-classes")
    // With the same bias they tie everywhere.
    let equal = CompiledInvertibleNetwork(try diagonal(weights: [1, 1, 1, 1], bias: [1, 1]))
    let entry = try #require(ExplainerCatalog.entry(named: "invertible-projection"))
    #expect(
      try entry.configured().explain(Question(.synthetic(corner), fact: 0), using: equal).status
        == .nothingFound)
  }

  @Test func `a boundary on which a third class leads everywhere says so`() throws {
    let model = CompiledInvertibleNetwork(
      try diagonal(weights: [1, 1, 0, 0, 0, 0], bias: [-1, 0, 0.5]))
    #expect(try status(model, corner, foil: 1) == .thirdClassLeads)
    #expect(try status(model, corner, foil: 2) == .complete)
    #expect(try status(model, corner) == .complete)
    #expect(Explanation.Status.thirdClassLeads.code == "third-class-leads")
  }

  @Test func `a class that does not lead has no nearest boundary, but one with a foil`() throws {
    let model = CompiledInvertibleNetwork(try diagonal())
    #expect(try status(model, corner, fact: 1) == .boundary(.startMisclassified))
    let explanation = try InvertibleProjection().explain(
      Question(.synthetic(corner), fact: 1, foil: 0), using: model)
    #expect(explanation.counterpart?.scalars == [0.5, 0])
    #expect((explanation.map.values.sum + 2).magnitude < 1e-6)
  }

  @Test func `planes that are equally near are told apart by nothing`() throws {
    let model = CompiledInvertibleNetwork(
      try diagonal(weights: [0, 0, -1, 0, 1, 0], bias: [1, 0, 0]))
    #expect(
      try status(model, Tensor([0, 0.5], shape: [1, 2, 1, 1])) == .boundary(.degenerateTie))
  }

  @Test func `drift beyond what is allowed says so`() throws {
    let model = CompiledInvertibleNetwork(try SmallNetworks.invertible())
    let picture = pictures()[0]
    let fact = model.prediction(for: picture).top
    for key in [\InvertibleProjection.drift, \.tie] {
      let status = try status(model, picture, fact: fact) { $0[keyPath: key] = 1e-12 }
      guard case .inverseDrift(let reconstruction, let tie) = status else {
        Issue.record("\(status)")
        continue
      }
      #expect(reconstruction < 1e-5 && tie < 1e-4 && status.code == "inverse-drift")
    }
  }

  /// Numbers so large that single precision leaves ties far off at first.
  @Test func `corrections bring ties nearer`() throws {
    let head = try SmallNetworks.pooledHead(classes: 5, channels: 12)
    let model = CompiledInvertibleNetwork(
      try SmallNetworks.invertible(
        head: try LinearHead(
          weights: 1000 * head.weights, bias: 1000 * head.bias, isPooled: true)))
    let picture = pictures()[0]
    let question = Question(.synthetic(picture), fact: model.prediction(for: picture).top)
    let residuals = try [0, 5].map { corrections in
      var method = InvertibleProjection()
      method.corrections = corrections
      method.tie = 1e-9
      return try #require(
        try method.explain(question, using: model).diagnostics.values["margin"]
      ).magnitude
    }
    #expect(residuals[1] <= residuals[0])
  }

  @Test(arguments: [1e3, 1e12, 1e30, Float.infinity, .nan])
  func `a picture far outside of the data is an answer or says that it is none`(
    value: Float
  ) throws {
    let model = CompiledInvertibleNetwork(try SmallNetworks.invertible())
    var picture = pictures()[0]
    picture[17] = value
    let logits = model.logits(for: picture).scalars
    let fact = logits.indices.max { logits[$0] < logits[$1] } ?? 0
    do throws(ExplainerError) {
      let explanation = try InvertibleProjection().explain(
        Question(.synthetic(picture), fact: fact), using: model)
      if value > 1e4 || !value.isFinite { #expect(explanation.status != .complete) }
    } catch {
      guard case .nonFinite = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `a network without an inverse is refused, and so is a smoothed one`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "invertible-projection"))
    #expect(entry.needs == "an exact inverse")
    let plain = CompiledNetwork(try SmallNetworks.mixed())
    let invertible = CompiledInvertibleNetwork(try SmallNetworks.invertible())
    let smoothed = Smoothed(invertible, by: try Smoothing(deviation: 0.1, samples: 2), seed: 0)
    #expect(entry.suits(invertible) && !entry.suits(plain) && !entry.suits(smoothed))
    let question = Question(.synthetic(pictures()[0]), fact: 0)
    for model in [plain, smoothed] as [any Classifier] {
      let error = #expect(throws: ExplainerError.self) {
        try entry.configured().explain(question, using: model)
      }
      #expect("\(try #require(error))".contains("needs an invertible network"))
    }
  }

  @Test func `pixels that are to be kept are not, which is told`() throws {
    let model = CompiledInvertibleNetwork(try diagonal())
    let kept = Tensor([1], shape: [1, 1])
    let explanation = try InvertibleProjection().explain(
      Question(.synthetic(corner, kept: kept), fact: 0), using: model)
    #expect(explanation.diagnostics.notes["kept"] != nil)
    #expect(explanation.diagnostics.notes["flip"] == "infeasible-box")
  }

  @Test func `options out of range are refused`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "invertible-projection"))
    #expect(throws: Never.self) {
      try entry.configured(
        MethodOptions(["gradient": "projection", "flip": "no", "search": "deepfool"]))
    }
    for (key, value) in [
      ("gradient", "middle"), ("steps", "0"), ("tie", "0"), ("drift", "-1"),
      ("corrections", "-1"), ("search.gradients", "1"),
    ] {
      var options = MethodOptions()
      options.set(key, to: value)
      #expect(throws: ExplainerError.self, "\(key) \(value)") { try entry.configured(options) }
    }
  }
}

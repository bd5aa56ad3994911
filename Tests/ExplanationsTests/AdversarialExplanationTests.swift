import Boundaries
import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// What an attack tells of superpixels, on networks that can be worked out on paper.
struct AdversarialExplanationTests {
  /// Two classes on a picture `[C, H, W]`: w · x + bias against 0.
  private func linear(
    _ weights: [Float], shape: Shape, bias: Float = 0, engine: Engine = .portable
  ) throws -> CompiledNetwork {
    let zeros = [Float](repeating: 0, count: weights.count)
    return CompiledNetwork(
      try Network(
        input: "x", inputShape: shape,
        nodes: [
          .init("flat", Reshape(item: [weights.count]), of: ["x"]),
          .init(
            "scores",
            try Dense(
              weights: Tensor(weights + zeros, shape: [2, weights.count]),
              bias: Tensor([bias, 0], shape: [2]), transposed: true), of: ["flat"]),
        ], logits: "scores"), engine: engine)
  }

  private func grid(_ regions: Int) -> AdversarialExplanation {
    var method = AdversarialExplanation()
    (method.segmentation, method.regions) = (.grid, regions)
    return method
  }

  // MARK: - Filter

  @Test func `of a hundred levels the outer fifteen at either end are kept, but for zero`() {
    let filter = AttackFilter(percentile: 15)
    let values = (0..<100).map { Float($0) }
    let (low, high) = filter.thresholds(of: values)
    #expect((low - 14.85).magnitude < 1e-9 && (high - 84.15).magnitude < 1e-9)
    var random = TestRandom(1)
    let shuffled = values.shuffled(using: &random)
    let kept = filter.kept(of: Tensor(shuffled, shape: [1, 1, 10, 10]))
    let isActive = shuffled.map { $0 != 0 && ($0 < 15 || $0 >= 85) }
    #expect(kept.isActive == isActive)
    #expect(kept.isActive.count(where: \.self) == 29)
    #expect(kept.constantChannels == 0)
  }

  @Test func `of a channel without differences everything is kept, unless it is zero`() {
    let filter = AttackFilter(percentile: 15)
    let constant = filter.kept(of: Tensor(repeating: -0.5, shape: [1, 1, 4, 5]))
    #expect(constant.isActive.allSatisfy(\.self) && constant.constantChannels == 1)
    let zero = filter.kept(of: Tensor(zeros: [1, 3, 4, 5]))
    #expect(!zero.isActive.contains(true) && zero.constantChannels == 3)
  }

  @Test func `a position is active where any channel is, even if they cancel`() {
    // Both ends of one channel meet the opposite ends of the other.
    let values = (0..<20).map { Float($0) - 9.5 }
    let change = Tensor(values + values.map { -$0 }, shape: [1, 2, 4, 5])
    let kept = AttackFilter(percentile: 10).kept(of: change)
    #expect(kept.isActive.count(where: \.self) == 4)
    #expect(kept.isActive[0] && kept.isActive[1] && kept.isActive[18] && kept.isActive[19])
  }

  // MARK: - Attack

  @Test func `on a linear network twenty steps lead straight against the weights`() throws {
    var random = TestRandom(2)
    let weights = random.tensor([3, 4, 4])
    let model = try linear(weights.scalars, shape: [3, 4, 4])
    let input = random.tensor([1, 3, 4, 4], in: 0...1)
    let ascent = LossAscent(
      loss: AttackLoss(fact: 0, foil: nil), steps: 20, stepSize: 0.001, radius: 0.2, start: 0,
      deviations: [1])
    let outcome = ascent.outcome(from: input, seed: 0, using: model)
    let length = Norm.l2.length(of: weights)
    for (found, weight) in zip(outcome.change.scalars, weights.scalars) {
      #expect((Double(found) + 0.02 * Double(weight) / length).magnitude < 1e-7)
    }
    #expect((Norm.l2.length(of: outcome.change) - 0.02).magnitude < 1e-7)
    #expect(outcome.taken == 20 && outcome.held == 0)
    #expect(zip(outcome.losses, outcome.losses.dropFirst()).allSatisfy { $0 < $1 })
    // Towards the only other class, the way is the same.
    let targeted = LossAscent(
      loss: AttackLoss(fact: 0, foil: 1), steps: 20, stepSize: 0.001, radius: 0.2, start: 0,
      deviations: [1]
    ).outcome(from: input, seed: 0, using: model)
    #expect((targeted.change - outcome.change).largestMagnitude < 1e-8)
  }

  @Test func `a ball holds an attack back, and deviations decide what a length is`() throws {
    let model = try linear([1, 1, 0, 0], shape: [2, 1, 2])
    let ascent = LossAscent(
      loss: AttackLoss(fact: 0, foil: nil), steps: 10, stepSize: 0.1, radius: 0.25, start: 0,
      deviations: [0.5, 0.25])
    let input = Tensor(repeating: 0.5, shape: [1, 2, 1, 2])
    let outcome = ascent.outcome(from: input, seed: 0, using: model)
    #expect((Norm.l2.length(of: outcome.change) - 0.25).magnitude < 1e-6)
    #expect(outcome.held == 8)
    // Gradients go into the attack's space by the same factors as changes go out of it.
    let pixels = ascent.pixels(outcome.change)
    for (found, exact) in zip(pixels.scalars, [-1, -1, 0, 0].map { Float($0) * 0.0883883 }) {
      #expect((found - exact).magnitude < 1e-6)
    }
  }

  @Test(arguments: [0, 40, 200, 1e4] as [Float])
  func `a slope does not vanish however certain the network is`(margin: Float) {
    let logits: [Float] = [margin, 0, -1]
    let (loss, slope) = AttackLoss(fact: 0, foil: nil).value(at: logits)
    let share = 1 / (1 + exp(-1.0))
    #expect(slope[0] == -1)
    #expect((Double(slope[1]) - share).magnitude < 1e-6)
    #expect((Double(slope[2]) - (1 - share)).magnitude < 1e-6)
    let exact = log1p((1 + exp(-1.0)) * exp(-Double(margin)))
    // The smallest losses are none in single precision.
    #expect((Double(loss) - exact).magnitude <= 1e-6 * exact + 1e-37)
    // The loss of what is least likely grows like the margin, without overflow.
    let (far, towards) = AttackLoss(fact: 0, foil: 2).value(at: logits)
    #expect(far.isFinite && far < -margin && towards[2] == 1)
    #expect((towards[0] + towards[1] + 1).magnitude < 1e-6)
  }

  @Test func `a certain network is attacked like a doubtful one`() throws {
    var random = TestRandom(7)
    let weights = random.tensor([1, 8, 8]).scalars
    let input = random.tensor([1, 1, 8, 8], in: 0...1)
    let maps = try [Float(0), 40].map { bias in
      let explanation = try grid(16).explain(
        Question(.synthetic(input), fact: 0), using: linear(weights, shape: [1, 8, 8], bias: bias))
      #expect(explanation.diagnostics.values["stepsWithGradient"] == 20)
      return explanation.map
    }
    #expect(maps[0] == maps[1])
  }

  // MARK: - Regions

  @Test func `regions are ranked by where the weights are`() throws {
    // Four quarters of 4 × 4: all weights in the last, half as many in the second.
    var random = TestRandom(3)
    let weights = (0..<64).map { place -> Float in
      let isRight = place % 8 >= 4, isBelow = place / 8 >= 4
      let size = Float.random(in: 1...2, using: &random) * (place % 2 == 0 ? 1 : -1)
      return isRight && (isBelow || place % 8 < 6) ? size : 0
    }
    var method = grid(4)
    method.percentile = 50
    method.kept = 1
    let input = Tensor(repeating: 0.5, shape: [1, 1, 8, 8])
    let explanation = try method.explain(
      Question(.synthetic(input), fact: 0), using: try linear(weights, shape: [1, 8, 8]))
    let ranking = try #require(explanation.ranking)
    #expect(ranking.columns == ["size", "frequency", "intensity", "weightedIntensity"])
    #expect(ranking.rows.map(\.region) == [3, 1, 0, 2])
    #expect(ranking.rows.map { $0.values[0] } == [16, 16, 16, 16])
    #expect(ranking.rows.map { $0.values[1] } == [16, 8, 0, 0])
    #expect(ranking.rows.map { $0.values[2] } == [1, 0.5, 0, 0])
    #expect(ranking.keptCount == 1 && explanation.status == .complete)
    // A region's positions have its intensity.
    #expect(explanation.map.values.shape == [1, 8, 8])
    #expect(explanation.map.values[63] == 1 && explanation.map.values[4] == 0.5)
    #expect(ranking.ranks[63] == 1 && ranking.ranks[4] == 2)
    // Weighted intensities add up to the whole of the change where everything is kept.
    let total = ranking.rows.reduce(0) { $0 + $1.values[0] * $1.values[3] }
    #expect((total - 64).magnitude < 1e-3)
  }

  @Test func `regions that are as dense as the last one kept are kept`() throws {
    let weights = (0..<64).map { $0 / 8 < 4 ? Float(1 + $0 % 2) : 0 }
    var method = grid(4)
    (method.percentile, method.kept) = (50, 1)
    let explanation = try method.explain(
      Question(.synthetic(Tensor(repeating: 0.5, shape: [1, 1, 8, 8])), fact: 0),
      using: try linear(weights, shape: [1, 8, 8]))
    #expect(explanation.ranking?.keptCount == 2)
  }

  @Test func `where all regions are kept the status says so`() throws {
    var random = TestRandom(5)
    let model = try linear(random.tensor([1, 8, 8]).scalars, shape: [1, 8, 8])
    let input = random.tensor([1, 1, 8, 8], in: 0...1)
    let question = Question(.synthetic(input), fact: 0)
    // Gray, and fewer regions than are asked for.
    let four = try grid(4).explain(question, using: model)
    #expect(four.status == .allRegionsKept(count: 4))
    #expect(four.status.code == "all-regions-kept")
    // A picture of one colour is one region to quickshift.
    let flat = try AdversarialExplanation().explain(
      Question(.synthetic(Tensor(repeating: 0.5, shape: [1, 1, 8, 8])), fact: 0), using: model)
    #expect(flat.status == .allRegionsKept(count: 1))
    #expect(flat.ranking?.regions.count == 1)
    // The same change everywhere leaves nothing to choose.
    let even = try grid(16).explain(
      question, using: try linear([Float](repeating: 1, count: 64), shape: [1, 8, 8]))
    #expect(even.diagnostics.values["constantChannels"] == 1)
    #expect(even.status == .allRegionsKept(count: 16))
  }

  @Test func `without a gradient nothing is found, and infinities are told`() throws {
    let question = Question(.synthetic(Tensor(repeating: 0.5, shape: [1, 1, 8, 8])), fact: 0)
    let entry = try #require(ExplainerCatalog.entry(named: "adversarial-explanation"))
    for start in ["0", "0.01"] {
      let method = try entry.configured(MethodOptions(["segmentation": "grid", "start": start]))
      let flat = try method.explain(
        question, using: try linear([Float](repeating: 0, count: 64), shape: [1, 8, 8], bias: 1))
      #expect(flat.status == .nothingFound)
      #expect(flat.diagnostics.values["stepsWithGradient"] == 0)
      #expect(flat.ranking?.keptCount == 0)
    }
    let broken = try entry.configured(MethodOptions(["segmentation": "grid"])).explain(
      question,
      using: try linear([Float](repeating: .infinity, count: 64), shape: [1, 8, 8]))
    #expect(broken.status == .nonFinite)
    #expect(broken.map.values.largestMagnitude == 0)
  }

  // MARK: - All the way

  @Test func `a decisive attack crosses the boundary, and counts by its size`() throws {
    // The weights of the left half are three times those of the right.
    let weights = (0..<64).map { Float($0 % 2 == 0 ? 1 : -1) * ($0 % 8 < 4 ? 3 : 1) }
    let model = try linear(weights, shape: [1, 8, 8], bias: 1)
    var method = grid(4)
    (method.mode, method.percentile, method.kept) = (.decisive, 50, 2)
    let explanation = try method.explain(
      Question(.synthetic(Tensor(repeating: 0.5, shape: [1, 1, 8, 8])), fact: 0), using: model)
    #expect(explanation.status == .complete)
    let ranking = try #require(explanation.ranking)
    #expect(ranking.rows.map(\.region) == [0, 2, 1, 3] && ranking.keptCount == 2)
    for (row, exact) in zip(ranking.rows, [1.5, 1.5, 0.5, 0.5]) {
      #expect((row.values[3] - exact).magnitude < 1e-3)
    }
    #expect((try #require(explanation.map.values.scalars.first) - 1.5).magnitude < 1e-3)
    let counterpart = try #require(explanation.counterpart)
    #expect(model.prediction(for: counterpart).top == 1)
    let length = Norm.l2.length(of: Tensor(weights, shape: [64]))
    let distance = try #require(explanation.diagnostics.values["distance"])
    #expect((distance * length - 1).magnitude < 1e-3)
  }

  @Test func `a decisive attack that finds no other class says why`() throws {
    var method = grid(4)
    method.mode = .decisive
    let question = Question(.synthetic(Tensor(repeating: 0.5, shape: [1, 1, 8, 8])), fact: 1)
    let explanation = try method.explain(
      question, using: try linear([Float](repeating: 1, count: 64), shape: [1, 8, 8]))
    #expect(explanation.status == .boundary(.startMisclassified))
    #expect(explanation.map.values.largestMagnitude == 0 && explanation.counterpart == nil)
  }

  // MARK: - As an option of users

  @Test(arguments: AttackMode.allCases)
  func `an answer depends on neither batches nor threads, nor on a seed that it does not use`(
    _ mode: AttackMode
  ) throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(9)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let fact = model.prediction(for: input).top
    var method = grid(16)
    method.mode = mode
    func explain(_ model: any DifferentiableClassifier, seed: UInt64 = 1) throws -> Explanation {
      try method.explain(Question(.synthetic(input, seed: seed), fact: fact), using: model)
    }
    let first = try explain(model)
    for (limit, width) in [(2, 1), (7, 2)] {
      let other = try ComputeThreads.withWidth(width) {
        try explain(Rebatched(base: model, batchLimit: limit))
      }
      #expect(other.map == first.map && other.ranking == first.ranking)
      #expect(other.counterpart == first.counterpart)
    }
    guard mode == .published else { return }
    #expect(try explain(model, seed: 2).map == first.map)
    method.start = 0.05
    let started = try explain(model)
    let (again, otherwise) = (try explain(model), try explain(model, seed: 2))
    #expect(started.ranking == again.ranking)
    #expect(started.ranking != otherwise.ranking)
  }

  @Test(arguments: [
    ("mode", "gentle"), ("steps", "0"), ("stepSize", "0"), ("radius", "-1"), ("start", "-1"),
    ("deviation", "[0.2,0.3]"), ("deviation", "[0]"), ("percentile", "0"), ("percentile", "60"),
    ("kept", "0"), ("quickshift.kernel", "0"), ("search.gradients", "1"), ("regions", "1"),
  ])
  func `options out of range are refused`(_ key: String, _ value: String) throws {
    let entry = try #require(ExplainerCatalog.entry(named: "adversarial-explanation"))
    #expect(throws: ExplainerError.self) { try entry.configured(MethodOptions([key: value])) }
  }
}

/// A network that takes another number of pictures at a time.
private struct Rebatched: DifferentiableClassifier {
  let base: CompiledNetwork
  let batchLimit: Int
  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }
  var labels: [String] { base.labels }
  var layers: [LayerSummary] { base.layers }

  func resolve(_ name: LayerName) throws(NetworkError) -> LayerName { try base.resolve(name) }

  func logits(for batch: Tensor) -> Tensor { base.logits(for: batch) }

  func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace { base.trace(batch, against: references, for: request) }

  func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    base.trace(batch, for: request)
  }

  func gradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule, at point: (Int) -> Tensor
  ) -> Tensor { base.gradientSum(of: objective, weights: weights, rule: rule, at: point) }
}

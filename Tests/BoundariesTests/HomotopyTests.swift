import Boundaries
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Networks whose activations are saturated at the start, so that no gradient comes back.
struct HomotopyTests {
  static let side = 8
  static let pixels = side * side

  static func search(_ steps: Int) -> ProjectionSearch {
    var search = ProjectionSearch()
    search.homotopySteps = steps
    return search
  }

  /// Two directions at right angles, of length 1, that weigh all pixels alike.
  static let directions: [[Float]] = [
    (0..<pixels).map { $0 * 7 % 4 < 2 ? 0.125 : -0.125 },
    (0..<pixels).map { $0 * 7 % 8 < 4 ? 0.125 : -0.125 },
  ]

  static let middle = Tensor(repeating: 0.5, shape: [1, 1, side, side])

  static func dense(_ rows: [[Float]], bias: [Float]) throws -> Dense {
    try Dense(
      weights: Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count]),
      bias: Tensor(bias, shape: [bias.count]), transposed: true)
  }

  static func network(_ nodes: [Network.Node]) throws -> CompiledNetwork {
    try CompiledNetwork(
      Network(
        input: "x", inputShape: [1, side, side],
        nodes: [.init("flat", Reshape(item: [pixels]), of: ["x"])] + nodes, logits: "scores"))
  }

  /// tanh(scale · (w · (x − ½) + reach)) against 0: the plane at that distance from the middle.
  static func plane(reach: Float, scale: Float) throws -> CompiledNetwork {
    let weights = directions[0].map { scale * $0 }
    let half = weights.reduce(0, +) / 2
    return try network([
      .init(
        "sums", try dense([weights, weights.map { _ in 0 }], bias: [scale * reach - half, 0]),
        of: ["flat"]),
      .init("scores", Tanh(HyperbolicTangent()), of: ["sums"]),
    ])
  }

  static func slope(_ model: CompiledNetwork, at input: Tensor) -> Float {
    model.gradient(of: .margin(0, over: 1), for: input).gradient.largestMagnitude
  }

  @Test func `a plane behind a saturated tanh is found`() throws {
    let model = try Self.plane(reach: 2.2, scale: 100)
    #expect(Self.slope(model, at: Self.middle) == 0)
    let query = try BoundaryQuery(Self.middle, fact: 0)
    let without = try Self.search(0).nearestPoint(for: query, using: model)
    #expect(without.status == .vanishingGradient)
    let outcome = try ProjectionSearch().nearestPoint(for: query, using: model)
    let point = try #require(outcome.point)
    #expect(outcome.status == .found)
    #expect(abs(point.distance - 2.2) < 0.002, "\(point.distance)")
    #expect(point.foundBy == "projection, homotopy, toward class 1")
    #expect(model.prediction(for: point.point).top == 1)
    #expect(outcome.effort.gradients <= 60 && outcome.effort.gradients > 8)
    for norm in [Norm.linf, .l1] {
      let outcome = try ProjectionSearch().nearestPoint(
        for: BoundaryQuery(Self.middle, fact: 0, norm: norm), using: model)
      let exact = norm == .linf ? 2.2 / 8 : 2.2 * 8
      #expect(abs(try #require(outcome.distance) - exact) < 0.01 * exact)
    }
    let pair = try ProjectionSearch().nearestPoint(
      for: BoundaryQuery(Self.middle, fact: 1, foil: 0), using: model)
    #expect(abs(try #require(pair.distance) - 2.2) < 0.002)
  }

  @Test(arguments: [4, 8, 20]) func `a small budget is kept`(gradients: Int) throws {
    let model = try Self.plane(reach: 2.2, scale: 100)
    let outcome = try ProjectionSearch(gradients: gradients).nearestPoint(
      for: BoundaryQuery(Self.middle, fact: 0), using: model)
    #expect(outcome.effort.gradients <= gradients)
    #expect(outcome.status == (gradients < 8 ? .vanishingGradient : .found))
  }

  /// erf(20 (erf(k (a − p)) + erf(k (b − q)) − least)) against 0, p and q being how far the picture has gone
  /// back along two directions at right angles: with `least` 0.5 as soon as one of them has gone its
  /// way, with −1.5 only where both have: a corner, whose tip is hard to reach.
  @Test(arguments: [(0.5, 2.0, 2.4, 1.01), (-1.5, 1.0, 1.3, 1.02)])
  func `a boundary behind two layers of a saturated erf is found`(
    least: Double, a: Double, b: Double, ratio: Double
  ) throws {
    let scale = 40.0
    let rows = Self.directions.map { $0.map { Float(scale) * $0 } }
    let bias = zip(rows, [a, b]).map { Float(scale * $1) - $0.reduce(0, +) / 2 }
    let model = try Self.network([
      .init("sums", try Self.dense(rows, bias: bias), of: ["flat"]),
      .init("hidden", Erf(ErrorFunction()), of: ["sums"]),
      .init(
        "pair", try Self.dense([[20, 20], [0, 0]], bias: [Float(-20 * least), 0]), of: ["hidden"]),
      .init("scores", Erf(ErrorFunction()), of: ["pair"]),
    ])
    #expect(Self.slope(model, at: Self.middle) == 0)
    var exact = Double.infinity
    for step in 0..<40_000 {
      let p = Double(step) * 1e-4
      let other = least - erf(scale * (a - p))
      guard other > -1 else { continue }
      if other >= 1 {
        exact = min(exact, p)
        continue
      }
      // The least q with erf(k (b − q)) ≤ other, by halves.
      var (low, high) = (0.0, 8.0)
      for _ in 0..<60 {
        let q = (low + high) / 2
        if erf(scale * (b - q)) > other { low = q } else { high = q }
      }
      exact = min(exact, (p * p + high * high).squareRoot())
    }
    let query = try BoundaryQuery(Self.middle, fact: 0)
    let without = try Self.search(0).nearestPoint(for: query, using: model)
    #expect(without.distance ?? .infinity > 1.01 * exact, "\(without.status)")
    let outcome = try ProjectionSearch().nearestPoint(for: query, using: model)
    let distance = try #require(outcome.distance)
    #expect(distance < ratio * exact && distance > exact - 1e-3, "\(distance) for \(exact)")
  }

  /// Random convolutions and a dense head, with tangents between them, whose weights have grown.
  static func grown(_ scale: Float, seed: UInt64) throws -> CompiledNetwork {
    var random = TestRandom(seed)
    func convolution(_ from: Int, _ to: Int) throws -> Convolution2D {
      let spread = scale * (3 / Float(from * 9)).squareRoot()
      return try Convolution2D(
        weights: random.tensor([to, from, 3, 3], in: -spread...spread),
        bias: random.tensor([to], in: -0.1 * scale...0.1 * scale),
        window: SmallNetworks.window(3, before: 1))
    }
    func dense(_ from: Int, _ to: Int, _ spread: Float) throws -> Dense {
      try Dense(
        weights: random.tensor([to, from], in: -spread...spread), bias: random.tensor([to]),
        transposed: true)
    }
    let half = AveragePool(window: SmallNetworks.window(2, stride: 2))
    return try CompiledNetwork(
      Network(
        input: "x", inputShape: [1, 12, 12],
        nodes: [
          .init("conv1", try convolution(1, 8), of: ["x"]),
          .init("tanh1", Tanh(HyperbolicTangent()), of: ["conv1"]),
          .init("pool1", half, of: ["tanh1"]),
          .init("conv2", try convolution(8, 8), of: ["pool1"]),
          .init("tanh2", Tanh(HyperbolicTangent()), of: ["conv2"]),
          .init("pool2", half, of: ["tanh2"]),
          .init("flat", Reshape(item: [72]), of: ["pool2"]),
          .init("hidden", try dense(72, 20, 0.2 * scale), of: ["flat"]),
          .init("tanh3", Tanh(HyperbolicTangent()), of: ["hidden"]),
          .init("scores", try dense(20, 5, 1), of: ["tanh3"]),
        ], logits: "scores"))
  }

  static func queries(_ count: Int, _ model: some Classifier) throws -> [BoundaryQuery] {
    var random = TestRandom(99)
    return try (0..<count).map { index in
      let input = random.tensor(Shape([1] + model.inputShape.extents), in: 0...1)
      return try BoundaryQuery(
        input, fact: model.prediction(for: input).top, seed: UInt64(index))
    }
  }

  @Test func `in saturated networks more is found, and nearer, than at random`() throws {
    var (before, after, both, sum) = (0, 0, 0, 0.0)
    for (scale, seed) in [(Float(20), UInt64(1)), (20, 2), (50, 3), (50, 4), (100, 5), (100, 6)] {
      let model = try Self.grown(scale, seed: seed)
      let queries = try Self.queries(20, model)
      let plain = try Self.search(0).nearestPoints(for: queries, using: model)
      let outcomes = try ProjectionSearch().nearestPoints(for: queries, using: model)
      for (plain, outcome) in zip(plain, outcomes) {
        #expect(outcome.effort.gradients <= 60)
        if plain.point != nil { before += 1 }
        if let point = outcome.point {
          after += 1
          #expect(model.prediction(for: point.point).top == point.foil)
        }
        if let old = plain.distance, let new = outcome.distance {
          both += 1
          sum += log(new / old)
        }
      }
    }
    let ratio = exp(sum / Double(both))
    #expect(after > before && ratio < 0.5, "\(before) to \(after) found, distances \(ratio)")
  }

  @Test func `an answer has the same bits, whatever goes along`() throws {
    let model = try Self.grown(50, seed: 3)
    let queries = try Self.queries(6, model)
    let together = try ProjectionSearch().nearestPoints(for: queries, using: model)
    #expect(together.contains { $0.point?.foundBy.contains("homotopy") ?? false })
    for (query, outcome) in zip(queries, together) {
      let alone = try ProjectionSearch().nearestPoint(for: query, using: model)
      #expect(alone.status == outcome.status && alone.effort == outcome.effort)
      #expect(alone.point?.point == outcome.point?.point)
      #expect(alone.point?.startDistances == outcome.point?.startDistances)
    }
  }

  @Test func `networks of rectifiers keep their bits`() throws {
    let model = try CompiledNetwork(SmallNetworks.mixed())
    let dead = try PlainNetworks.dead()
    let stuck = try BoundaryQuery(PlainNetworks.input([0.2, 0.3]), fact: 0)
    for (queries, model) in [(try Self.queries(6, model), model), ([stuck], dead)] {
      let plain = try Self.search(0).nearestPoints(for: queries, using: model)
      let outcomes = try ProjectionSearch().nearestPoints(for: queries, using: model)
      for (plain, outcome) in zip(plain, outcomes) {
        #expect(plain.status == outcome.status && plain.effort == outcome.effort)
        #expect(plain.point?.point == outcome.point?.point)
        #expect(plain.point?.startDistances == outcome.point?.startDistances)
      }
    }
  }

  @Test func `gates of themselves go through, and what is told was seen`() throws {
    var random = TestRandom(4)
    func dense(_ from: Int, _ to: Int, _ scale: Float) throws -> Dense {
      try Dense(
        weights: random.tensor([to, from], in: -scale...scale),
        bias: random.tensor([to], in: -scale...scale), transposed: true)
    }
    let model = try Self.network([
      .init("sums", try dense(Self.pixels, 12, 40), of: ["flat"]),
      .init("share", Sigmoid(LogisticFunction()), of: ["sums"]),
      .init("gated", Multiply(), of: ["sums", "share"]),
      .init("more", try dense(12, 8, 1), of: ["gated"]),
      .init("squashed", Tanh(HyperbolicTangent()), of: ["more"]),
      .init("scores", try dense(8, 3, 1), of: ["squashed"]),
    ])
    #expect(model.saturatingLayers == ["share", "squashed"])
    let outcomes = try ProjectionSearch().nearestPoints(
      for: Self.queries(8, model), using: model)
    #expect(outcomes.contains { $0.point != nil })
    for outcome in outcomes {
      guard let point = outcome.point else {
        #expect([.noBoundaryFound, .vanishingGradient].contains(outcome.status))
        continue
      }
      #expect(model.prediction(for: point.point).top == point.foil)
    }
  }

  @Test func `where there is no boundary the status says so`() throws {
    // The scores stay 1 and 0, whatever the tangent does.
    let model = try Self.network([
      .init(
        "sums", try Self.dense([Self.directions[0].map { 500 * $0 }], bias: [900]), of: ["flat"]),
      .init("tanh", Tanh(HyperbolicTangent()), of: ["sums"]),
      .init("scores", try Self.dense([[0.1], [0]], bias: [1, 0]), of: ["tanh"]),
    ])
    let outcome = try ProjectionSearch().nearestPoint(
      for: BoundaryQuery(Self.middle, fact: 0), using: model)
    #expect(outcome.status == .vanishingGradient && outcome.point == nil)
    #expect(outcome.effort.gradients <= 60)
  }

  /// A model that cannot be flattened, as wrappers are that do not say so.
  struct Wrapper: DifferentiableClassifier {
    let model: CompiledNetwork
    var inputShape: Shape { model.inputShape }
    var classCount: Int { model.classCount }
    var labels: [String] { model.labels }
    var batchLimit: Int { model.batchLimit }
    var layers: [LayerSummary] { model.layers }
    func logits(for batch: Tensor) -> Tensor { model.logits(for: batch) }
    func resolve(_ name: LayerName) throws(NetworkError) -> LayerName { try model.resolve(name) }
    func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
      model.trace(batch, for: request)
    }
    func trace(
      _ batch: Tensor, against references: Tensor?, for request: TraceRequest
    ) -> Trace { model.trace(batch, against: references, for: request) }
  }

  @Test func `a model that cannot be flattened is searched without`() throws {
    let model = try Self.plane(reach: 2.2, scale: 100)
    let outcome = try ProjectionSearch().nearestPoint(
      for: BoundaryQuery(Self.middle, fact: 0), using: Wrapper(model: model))
    #expect(outcome.status == .vanishingGradient)
  }
}

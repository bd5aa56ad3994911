import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Invertible networks: answers known on paper, and the laws of inverses.
struct InvertibleNetworkTests {
  // MARK: - On paper

  /// T = diag(2, 1) and the margin v₁ + v₂ − 1.
  static func diagonal() throws -> InvertibleNetwork {
    try InvertibleNetwork(
      inputShape: [2, 1, 1],
      blocks: [
        try ChannelScaling(
          "scale", scale: Tensor([2, 1], shape: [2]), shift: Tensor(zeros: [2]))
      ],
      head: try LinearHead(
        weights: Tensor([1, 1, 0, 0], shape: [2, 2]), bias: Tensor([-1, 0], shape: [2]),
        isPooled: false))
  }

  @Test(arguments: Engine.available)
  func `projection through a diagonal map is the one on paper`(engine: Engine) throws {
    let model = CompiledInvertibleNetwork(try Self.diagonal(), engine: engine)
    let x = Tensor([1, 1], shape: [1, 2, 1, 1])
    let features = model.features(of: x)
    #expect(features.scalars == [2, 1])
    let boundary = model.head.boundary(0, over: 1, features: model.featureShape)
    #expect(boundary.margin(of: features) == 2)
    var projected = features
    let factor = boundary.margin(of: features) / boundary.squaredLength
    projected.add(boundary.normal, scaledBy: Float(-factor))
    #expect(projected.scalars == [1, 0])
    let point = model.input(restoring: projected)
    #expect(point.scalars == [0.5, 0])
    let explanation = x - point
    #expect(explanation.scalars == [0.5, 1])
    #expect(explanation.dot(explanation).squareRoot() - 1.118034 < 1e-6)
    let (margins, gradient) = model.gradient(of: .margin(0, over: 1), for: x)
    #expect(margins == [2])
    #expect(gradient.scalars == [2, 1])
    #expect((gradient * explanation).scalars == [1, 1])
    #expect(model.logDeterminants(of: x).map { ($0 - 0.693147).magnitude < 1e-6 } == [true])
  }

  /// F(u) = max(0, 2u − 1), G(u) = max(0, −u).
  static func rectifying() throws -> InvertibleNetwork {
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
    return try InvertibleNetwork(
      inputShape: [2, 1, 1],
      blocks: [
        AdditiveCoupling("coupling", split: 1, F: try inner(2, -1), G: try inner(-1, 0))
      ], head: try head(classes: 2, channels: 2))
  }

  static func head(classes: Int, channels: Int, seed: UInt64 = 9) throws -> LinearHead {
    var random = TestRandom(seed)
    return try LinearHead(
      weights: random.tensor([classes, channels]), bias: random.tensor([classes]),
      isPooled: true)
  }

  @Test(arguments: Engine.available)
  func `a coupling of rectifiers is the one on paper`(engine: Engine) throws {
    let model = CompiledInvertibleNetwork(try Self.rectifying(), engine: engine)
    let points = Tensor([-2, 1.5, -3, 1], shape: [2, 2, 1, 1])
    let features = model.features(of: points)
    #expect(features.scalars == [0, 1.5, -2, 3])
    #expect(model.input(restoring: features).scalars == points.scalars)
    #expect(model.logDeterminants(of: points) == [0, 0])
  }

  // MARK: - Every block

  static func convolution(
    _ from: Int, _ to: Int, _ random: inout TestRandom, spread: Float = 1
  ) throws -> Convolution2D {
    let bound = spread * (3 / Float(from * 9)).squareRoot()
    return try Convolution2D(
      weights: random.tensor([to, from, 3, 3], in: -bound...bound),
      bias: random.tensor([to], in: -0.1...0.1), window: SmallNetworks.window(3, before: 1))
  }

  /// Two convolutions, with a normalisation and a rectifier between them.
  static func inner(
    _ input: Shape, to outputs: Int, _ random: inout TestRandom
  ) throws -> InnerNetwork {
    let width = 6
    return try InnerNetwork(
      input: input,
      layers: [
        ("conv1", try convolution(input[0], width, &random)),
        (
          "norm1",
          try BatchNormalization(
            gamma: random.tensor([width], in: 0.5...1.5), beta: random.tensor([width]),
            mean: random.tensor([width], in: -0.1...0.1),
            variance: random.tensor([width], in: 0.5...2))
        ), ("relu1", ReLU()), ("conv2", try convolution(width, outputs, &random)),
      ])
  }

  static func additive(
    _ name: String, _ input: Shape, split: Int, _ random: inout TestRandom
  ) throws -> AdditiveCoupling {
    let rest = [input[0] - split] + input.extents.dropFirst()
    let part = [split] + input.extents.dropFirst()
    return AdditiveCoupling(
      name, split: split, F: try inner(Shape(rest), to: split, &random),
      G: try inner(Shape(part), to: rest[0], &random))
  }

  static func affine(
    _ name: String, _ input: Shape, split: Int, _ random: inout TestRandom
  ) throws -> AffineCoupling {
    let rest = [input[0] - split] + input.extents.dropFirst()
    let part = [split] + input.extents.dropFirst()
    return AffineCoupling(
      name, split: split, bound: 0.5, F: try inner(Shape(rest), to: 2 * split, &random),
      G: try inner(Shape(part), to: 2 * rest[0], &random))
  }

  static func normalization(
    _ name: String, channels: Int, _ random: inout TestRandom
  ) throws -> ChannelScaling {
    try ChannelScaling(name, channels: channels).starting(
      scale: random.tensor([channels], in: 0.5...2).scalars.map(Double.init),
      shift: random.tensor([channels]).scalars.map(Double.init))
  }

  /// Every kind of block, with uneven halves: `[3, side, side]` to 4 classes.
  static func mixed(side: Int = 8, seed: UInt64 = 5) throws -> InvertibleNetwork {
    var random = TestRandom(seed)
    let half: Shape = [12, side / 2, side / 2]
    return try InvertibleNetwork(
      inputShape: [3, side, side],
      blocks: [
        try ChannelScaling(
          "centered", scale: Tensor([4, -4, 2], shape: [3]),
          shift: Tensor([-2, 2, -1], shape: [3])),
        try additive("early", [3, side, side], split: 1, &random),
        SpaceToDepthBlock("squeeze"),
        try normalization("norm", channels: 12, &random),
        ChannelMixing(
          "mixing", channels: 12, random: CounterRandom(seed: seed, stream: 1), sample: 0),
        try additive("additive", half, split: 5, &random),
        try affine("affine", half, split: 7, &random),
      ], head: try head(classes: 4, channels: 12))
  }

  static func pictures(_ network: InvertibleNetwork, batch: Int = 3) -> Tensor {
    var random = TestRandom(2)
    return random.tensor(Shape([batch] + network.inputShape.extents), in: 0...1)
  }

  @Test(arguments: Engine.available)
  func `the inverse gives pictures back`(engine: Engine) throws {
    let network = try Self.mixed()
    let model = CompiledInvertibleNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    let features = model.features(of: pictures)
    #expect(features.shape == Shape([3] + network.featureShape.extents))
    #expect(features.count == pictures.count)
    #expect(model.reconstructionErrors(of: pictures).allSatisfy { $0 < 1e-5 })
    // And features that no picture has.
    var random = TestRandom(8)
    let others = random.tensor(features.shape, in: -2...2)
    let restored = model.features(of: model.input(restoring: others))
    #expect(relativeError(restored, others) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `the head is linear in the features`(engine: Engine) throws {
    let network = try Self.mixed()
    let model = CompiledInvertibleNetwork(network, engine: engine)
    let pictures = Self.pictures(network)
    let (logits, features) = (model.logits(for: pictures), model.features(of: pictures))
    let scores = model.head.scores(of: features)
    for item in 0..<pictures.batch {
      for k in 0..<4 {
        #expect((Double(logits[item * 4 + k]) - scores[item][k]).magnitude < 1e-4)
      }
      let boundary = model.head.boundary(2, over: 1, features: model.featureShape)
      let margin = boundary.margin(of: features.item(item))
      #expect((margin - scores[item][2] + scores[item][1]).magnitude < 1e-4)
    }
  }

  /// The matrix ∂features/∂input at one picture, by central differences, and log |det| of it.
  static func numericalLogDeterminant(
    _ model: some InvertibleClassifier, at picture: Tensor
  ) -> Double {
    let count = picture.count
    let step: Float = 1.0 / 64
    var rows: [[Double]] = []
    for index in 0..<count {
      var (low, high) = (picture, picture)
      low[index] -= step
      high[index] += step
      let change = model.features(of: high) - model.features(of: low)
      rows.append(change.scalars.map { Double($0) / Double(2 * step) })
    }
    // Elimination with the largest pivot; the sign does not matter.
    var sum = 0.0
    for column in 0..<count {
      let pivot =
        (column..<count).max { a, b in
          rows[a][column].magnitude < rows[b][column].magnitude
        } ?? column
      rows.swapAt(column, pivot)
      sum += log(rows[column][column].magnitude)
      for row in column + 1..<count {
        let factor = rows[row][column] / rows[column][column]
        for other in column..<count { rows[row][other] -= factor * rows[column][other] }
      }
    }
    return sum
  }

  /// Without rectifiers, whose kinks differences would see.
  static func smooth(seed: UInt64 = 6) throws -> InvertibleNetwork {
    var random = TestRandom(seed)
    func inner(_ from: Int, _ to: Int, side: Int) throws -> InnerNetwork {
      try InnerNetwork(
        input: [from, side, side],
        layers: [
          ("conv1", try convolution(from, 4, &random)), ("tanh", Tanh(HyperbolicTangent())),
          ("conv2", try convolution(4, to, &random)),
        ])
    }
    return try InvertibleNetwork(
      inputShape: [1, 4, 4],
      blocks: [
        SpaceToDepthBlock("squeeze"), try normalization("norm", channels: 4, &random),
        AffineCoupling(
          "affine", split: 1, bound: 0.8, F: try inner(3, 2, side: 2),
          G: try inner(1, 6, side: 2)),
        ChannelMixing(
          "mixing", channels: 4, random: CounterRandom(seed: seed, stream: 1), sample: 0),
        AdditiveCoupling(
          "additive", split: 2, F: try inner(2, 2, side: 2), G: try inner(2, 2, side: 2)),
      ], head: try head(classes: 2, channels: 4))
  }

  @Test func `log-determinants are those of the Jacobian`() throws {
    let network = try Self.smooth()
    let model = CompiledInvertibleNetwork(network, engine: .portable)
    let pictures = Self.pictures(network)
    let found = model.logDeterminants(of: pictures)
    #expect(Set(found).count == 3)
    for item in 0..<3 {
      let expected = Self.numericalLogDeterminant(model, at: pictures.item(item))
      #expect((found[item] - expected).magnitude < 2e-3, "\(found[item]) and \(expected)")
    }
  }

  @Test func `coupling with nothing changes nothing`() throws {
    func nothing(_ channels: Int) throws -> InnerNetwork {
      try InnerNetwork(
        input: [channels, 2, 2],
        layers: [("zero", try ScaleChannels(uniform: 0, channels: channels))])
    }
    let network = try InvertibleNetwork(
      inputShape: [4, 2, 2],
      blocks: [AdditiveCoupling("c", split: 2, F: try nothing(2), G: try nothing(2))],
      head: try Self.head(classes: 2, channels: 4))
    let pictures = Self.pictures(network)
    #expect(CompiledInvertibleNetwork(network).features(of: pictures) == pictures)
  }

  // MARK: - Refusals

  @Test(arguments: [0, 1e-9, -1e-5, Float.nan, .infinity, 1e6])
  func `factors that cannot be taken back are refused`(factor: Float) throws {
    let error = #expect(throws: LayerError.self) {
      try ChannelScaling(
        "scale", scale: Tensor([1, factor], shape: [2]), shift: Tensor(zeros: [2]))
    }
    #expect(try #require(error).reason.contains("channel 1"))
  }

  @Test func `a matrix that is not orthogonal is refused by name`() throws {
    let error = #expect(throws: NetworkError.self) {
      try InvertibleNetwork(
        inputShape: [2, 1, 1],
        blocks: [ChannelMixing("mixing", matrix: Tensor([1, 0, 0, 1.001], shape: [2, 2]))],
        head: try Self.head(classes: 2, channels: 2))
    }
    #expect("\(try #require(error))".contains("'mixing'"))
  }

  @Test func `odd sizes and wrong halves are refused by name`() throws {
    #expect(throws: NetworkError.self) {
      try InvertibleNetwork(
        inputShape: [1, 5, 4], blocks: [SpaceToDepthBlock("squeeze")],
        head: try Self.head(classes: 2, channels: 4))
    }
    var random = TestRandom(1)
    let coupling = try Self.additive("coupling", [4, 4, 4], split: 1, &random)
    #expect(throws: NetworkError.self) {
      try InvertibleNetwork(
        inputShape: [5, 4, 4], blocks: [coupling],
        head: try Self.head(classes: 2, channels: 5))
    }
  }
}

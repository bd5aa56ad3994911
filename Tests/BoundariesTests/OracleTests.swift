import Boundaries
import Networks
import Tensors
import TestSupport
import Testing

/// Boundaries whose nearest points are known on paper.
struct OracleTests {
  /// 3x − 4y + 12z − 2 against 0.
  static let plane = PlainNetworks.plane([3, -4, 12], bias: -2)
  static let planeInput = PlainNetworks.input([1, 0.5, 2])
  static let wide = (Tensor(repeating: -10, shape: []), Tensor(repeating: 10, shape: []))

  static func query(
    _ input: Tensor, fact: Int = 0, foil: Int? = nil,
    bounds: (Tensor, Tensor) = wide, norm: Norm = .l2, seed: UInt64 = 0
  ) throws -> BoundaryQuery {
    try BoundaryQuery(
      input, fact: fact, foil: foil, lower: bounds.0, upper: bounds.1, norm: norm, seed: seed)
  }

  @Test func `a plane's nearest point is the foot of the perpendicular`() throws {
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(Self.planeInput), using: Self.plane)
    let point = try #require(outcome.point)
    #expect(outcome.status == .found)
    #expect(abs(point.distance - 23.0 / 13) < 2e-6)
    expectClose(point.point, [0.591716, 1.044379, 0.366864], 3e-6)
    #expect(point.margin < 0 && point.margin > -1e-4 && point.startMargin == 23)
    #expect(point.side == .beyond && point.foil == 1 && point.thirdClassGap == .infinity)
    let normal = try #require(point.normal)
    expectClose(normal, [3.0 / 13, -4.0 / 13, 12.0 / 13], 1e-6)
    #expect(try #require(point.optimalityResidual) < 1e-6)
    #expect(outcome.effort.gradients <= 4)
  }

  @Test func `other norms have their own nearest points`() throws {
    let largest = try #require(
      try ProjectionSearch().nearestPoint(
        for: Self.query(Self.planeInput, norm: .linf), using: Self.plane
      ).point)
    #expect(abs(largest.distance - 23.0 / 19) < 2e-6)
    #expect(try #require(largest.optimalityResidual) < 1e-6)
    let sum = try #require(
      try ProjectionSearch().nearestPoint(
        for: Self.query(Self.planeInput, norm: .l1), using: Self.plane
      ).point)
    #expect(abs(sum.distance - 23.0 / 12) < 2e-6)
    expectClose(sum.displacement, [0, 0, -23.0 / 12], 2e-6)
  }

  @Test func `bounds hold the pixels that would leave them`() throws {
    let bounds = (PlainNetworks.input([0, 0, 0.3]), PlainNetworks.input([3, 0.6, 3]))
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(Self.planeInput, bounds: bounds), using: Self.plane)
    let point = try #require(outcome.point)
    expectClose(point.point, [0.266667, 0.6, 0.3], 3e-6)
    #expect(abs(point.distance - 1.854125) < 3e-6)
    #expect(try #require(point.optimalityResidual) < 1e-6)
  }

  @Test func `bounds without another class are infeasible`() throws {
    let bounds = (PlainNetworks.input([0.5, 0, 1]), PlainNetworks.input([3, 0.6, 3]))
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(Self.planeInput, bounds: bounds), using: Self.plane)
    #expect(outcome.status == .infeasibleBox && outcome.point == nil && outcome.distance == nil)
    let fixed = try ProjectionSearch().nearestPoint(
      for: BoundaryQuery(
        Self.planeInput, fact: 0, lower: Self.wide.0, upper: Self.wide.1,
        frozen: Tensor(repeating: 1, shape: [1, 1, 3])), using: Self.plane)
    #expect(fixed.status == .infeasibleBox)
  }

  @Test func `of three classes the nearest is found, and each of a pair`() throws {
    let network = try CompiledNetwork(
      SmallNetworks.linear([[2, 0], [-1, 1], [0, -2]], bias: [0.5, 0, 0.1]))
    let input = PlainNetworks.input([1, 0.25])
    let nearest = try #require(
      try ProjectionSearch().nearestPoint(for: Self.query(input), using: network).point)
    #expect(nearest.foil == 2 && abs(nearest.distance - 1.025305) < 2e-6)
    expectClose(nearest.point, [0.275, -0.475], 3e-6)
    let pair = try #require(
      try ProjectionSearch().nearestPoint(for: Self.query(input, foil: 1), using: network).point)
    #expect(abs(pair.distance - 1.027740) < 2e-6)
    expectClose(pair.point, [0.025, 0.575], 3e-6)
    #expect(abs(pair.thirdClassGap - 1.6) < 1e-4)
  }

  @Test func `a third class that leads at the tie is held back`() throws {
    // Fact and foil tie at x = 1, where the third leads unless y ≥ 1.
    let network = try CompiledNetwork(
      SmallNetworks.linear([[-1, 0], [1, 0], [0, -1]], bias: [1, -1, 1]))
    let input = PlainNetworks.input([0, 0.5])
    let start = try CompiledNetwork(
      SmallNetworks.linear([[-1, 0], [1, 0], [0, -1]], bias: [1, -1, 1])
    ).prediction(for: input)
    #expect(start.top == 0)
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(input, foil: 1), using: network)
    let point = try #require(outcome.point)
    expectClose(point.point, [1, 1], 1e-4)
    #expect(abs(point.distance - 1.25.squareRoot()) < 1e-4)
    #expect(abs(point.thirdClassGap) < 1e-4 && abs(point.margin) < 1e-4)
  }

  @Test func `a sphere's nearest point lies on the ray from its centre`() throws {
    let sphere = try PlainNetworks.sphere(radius: 2)
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(PlainNetworks.input([0.3, -0.4, 1.2])), using: sphere)
    let point = try #require(outcome.point)
    #expect(abs(point.distance - 0.7) < 3e-6)
    expectClose(point.point, [0.6 / 1.3, -0.8 / 1.3, 2.4 / 1.3], 1e-3)
    #expect(try #require(point.optimalityResidual) < 1e-5)
  }

  @Test func `a sphere's centre is equally near to all of it`() throws {
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(PlainNetworks.input([0, 0, 0])), using: PlainNetworks.sphere(radius: 2))
    #expect(outcome.status == .degenerateTie)
    #expect(abs(try #require(outcome.distance) - 2) < 1e-5)
  }

  @Test func `scaled and shifted scores change nothing`() throws {
    let rows: [[Float]] = [[2, 0], [-1, 1], [0, -2]]
    let bias: [Float] = [0.5, 0, 0.1]
    let input = PlainNetworks.input([1, 0.25])
    let plain = try #require(
      try ProjectionSearch().nearestPoint(
        for: Self.query(input), using: CompiledNetwork(SmallNetworks.linear(rows, bias: bias))
      ).point)
    for (scale, shift) in [(Float(1e-6), Float(0)), (1e6, 0), (1, 100)] {
      let network = try CompiledNetwork(
        SmallNetworks.linear(
          rows.map { $0.map { $0 * scale } }, bias: bias.map { $0 * scale + shift }))
      let point = try #require(
        try ProjectionSearch().nearestPoint(for: Self.query(input), using: network).point)
      let tolerance = shift == 0 ? 2e-6 : 5e-5
      #expect(abs(point.distance - plain.distance) < tolerance && point.foil == plain.foil)
    }
  }

  @Test func `turning a linear model turns its nearest point`() throws {
    var random = TestRandom(11)
    for _ in 0..<4 {
      let rows = (0..<4).map { _ in random.tensor([6]).scalars }
      let input = random.tensor([1, 1, 1, 6])
      // A reflection x → x − 2⟨u, x⟩u leaves lengths as they are.
      let axis = random.tensor([6])
      let length = axis.dot(axis)
      func reflected(_ values: [Float]) -> [Float] {
        let share = Float(2 * Tensor(values, shape: [6]).dot(axis) / length)
        return zip(values, axis.scalars).map { $0 - share * $1 }
      }
      func point(_ rows: [[Float]], _ input: Tensor) throws -> BoundaryPoint {
        let network = try CompiledNetwork(SmallNetworks.linear(rows, bias: [0.1, 0, -0.2, 0.3]))
        let fact = network.prediction(for: input).top
        return try #require(
          try ProjectionSearch().nearestPoint(
            for: Self.query(input, fact: fact), using: network
          ).point)
      }
      let plain = try point(rows, input)
      let turned = try point(rows.map(reflected), PlainNetworks.input(reflected(input.scalars)))
      #expect(abs(plain.distance - turned.distance) < 1e-5 && plain.foil == turned.foil)
      expectClose(turned.displacement, reflected(plain.displacement.scalars), 1e-4)
    }
  }

  @Test func `distances are in pixels, whatever the network reads`() throws {
    // The network reads y = 4x − 1 for its pixels x.
    let space = try PixelSpace(scale: [4], shift: [-1])
    let bounds = (Tensor(repeating: -10, shape: []), Tensor(repeating: 10, shape: []))
    let query = try BoundaryQuery(
      Self.planeInput, fact: 0, space: space, lower: bounds.0, upper: bounds.1)
    let point = try #require(
      try ProjectionSearch().nearestPoint(for: query, using: Self.plane).point)
    #expect(abs(point.distance - 23.0 / 13 / 4) < 1e-6)
    expectClose(point.point, [0.591716, 1.044379, 0.366864], 3e-6)
  }

  @Test func `a start of another class is at distance 0, but not for a pair`() throws {
    let misled = try ProjectionSearch().nearestPoint(
      for: Self.query(Self.planeInput, fact: 1), using: Self.plane)
    #expect(misled.status == .startMisclassified && misled.distance == 0)
    let pair = try ProjectionSearch().nearestPoint(
      for: Self.query(Self.planeInput, fact: 1, foil: 0), using: Self.plane)
    let point = try #require(pair.point)
    #expect(abs(point.distance - 23.0 / 13) < 2e-6)
    #expect(point.startMargin == -23 && point.margin > 0)
  }

  @Test func `a margin without a slope is said to have none`() throws {
    let network = try CompiledNetwork(SmallNetworks.linear([[0, 0], [0, 0]], bias: [1, 0]))
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(PlainNetworks.input([0, 0])), using: network)
    #expect(outcome.status == .infeasibleBox)
    let dead = try PlainNetworks.dead()
    let stuck = try ProjectionSearch().nearestPoint(
      for: BoundaryQuery(PlainNetworks.input([0.2, 0.3]), fact: 0), using: dead)
    #expect(stuck.status == .vanishingGradient)
  }

  @Test func `what is no number is said to be none`() throws {
    let outcome = try ProjectionSearch().nearestPoint(
      for: Self.query(PlainNetworks.input([.nan, 0, 0])), using: Self.plane)
    #expect(outcome.status == .nonFinite)
  }
}

func expectClose(_ tensor: Tensor, _ values: [Float], _ tolerance: Float) {
  #expect(
    zip(tensor.scalars, values).allSatisfy { abs($0 - $1) < tolerance },
    "\(tensor.scalars) is not \(values)")
}

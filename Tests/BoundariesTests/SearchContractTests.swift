import Boundaries
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// What every search keeps, whichever it is.
struct SearchContractTests {
  static let names = BoundarySearchCatalog.all.map { $0.about.name }

  static func search(_ name: String) throws -> any BoundarySearch {
    try #require(BoundarySearchCatalog.search(named: name)).init()
  }

  @Test(arguments: names) func `linear boundaries are found within a hundredth, none nearer`(
    name: String
  ) throws {
    let search = try Self.search(name)
    let plane = try search.nearestPoint(
      for: OracleTests.query(OracleTests.planeInput), using: OracleTests.plane)
    let distance = try #require(plane.distance, "\(plane.status)")
    #expect(distance < 23.0 / 13 * 1.01 && distance > 23.0 / 13 - 1e-6, "\(distance)")
    let three = try CompiledNetwork(
      SmallNetworks.linear([[2, 0], [-1, 1], [0, -2]], bias: [0.5, 0, 0.1]))
    let nearest = try search.nearestPoint(
      for: OracleTests.query(PlainNetworks.input([1, 0.25])), using: three)
    let point = try #require(nearest.point, "\(nearest.status)")
    // Between two classes that are almost equally near, the loss of one descends toward both.
    let slack = ["ddn", "pgd-ladder"].contains(name) ? 1.05 : 1.01
    #expect(point.distance < 1.025305 * slack && point.distance > 1.025305 - 1e-6)
    #expect(point.foundBy.hasPrefix(name))
    let pair = try #require(
      try search.nearestPoint(
        for: OracleTests.query(PlainNetworks.input([1, 0.25]), foil: 1), using: three
      ).point)
    #expect(pair.distance < 1.027740 * 1.01 && pair.distance > 1.027740 - 1e-6)
  }

  @Test(arguments: names) func `points lie in the box, beyond, and keep what is frozen`(
    name: String
  ) throws {
    let search = try Self.search(name)
    let network = try CompiledNetwork(SmallNetworks.mixed())
    var frozen = Tensor(zeros: [16, 16])
    for index in 0..<64 { frozen[index] = 1 }
    let input = Self.picture(3)
    let fact = network.prediction(for: input).top
    let query = try BoundaryQuery(input, fact: fact, frozen: frozen, seed: 5)
    let outcome = try search.nearestPoint(for: query, using: network)
    guard let point = outcome.point else { return #expect(outcome.status == .noBoundaryFound) }
    #expect(point.point.scalars.allSatisfy { (0...1).contains($0) })
    #expect(network.prediction(for: point.point).top == point.foil)
    #expect(point.side == .beyond && point.margin < 0)
    for channel in 0..<3 {
      for index in 0..<64 {
        #expect(point.displacement[channel * 256 + index] == 0)
      }
    }
    #expect(outcome.effort.forwards + outcome.effort.gradients > 0)
  }

  @Test(arguments: names) func `an answer has the same bits, whatever goes along`(
    name: String
  ) throws {
    let search = try Self.search(name)
    let network = try CompiledNetwork(SmallNetworks.mixed())
    let queries = try (0..<5).map { index in
      let input = Self.picture(UInt64(index))
      return try BoundaryQuery(
        input, fact: network.prediction(for: input).top, seed: UInt64(index))
    }
    let together = try search.nearestPoints(for: queries, using: network)
    for (query, outcome) in zip(queries, together).dropFirst(2).prefix(2) {
      let alone = try search.nearestPoint(for: query, using: network)
      #expect(alone.status == outcome.status && alone.effort == outcome.effort)
      #expect(alone.point?.point == outcome.point?.point)
      #expect(alone.point?.normal == outcome.point?.normal)
      #expect(alone.point?.startDistances == outcome.point?.startDistances)
    }
  }

  @Test(arguments: names) func `parameters are described, recorded and checked`(
    name: String
  ) throws {
    let type = try #require(BoundarySearchCatalog.search(named: name))
    let data = try JSONEncoder().encode(type.init())
    let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
    #expect(Set(keys) == Set(type.about.parameters.keys))
    #expect(!type.about.summary.isEmpty && !type.about.source.isEmpty)
    _ = try JSONDecoder().decode(type, from: data)
    try type.init().validate()
  }

  @Test func `queries that mean nothing are refused`() throws {
    let input = PlainNetworks.input([0.5, 0.5, 0.5])
    #expect(throws: BoundaryError.self) { try BoundaryQuery(input, fact: 1, foil: 1) }
    #expect(throws: BoundaryError.self) {
      try BoundaryQuery(PlainNetworks.input([2, 0, 0]), fact: 0)
    }
    #expect(throws: BoundaryError.self) {
      try ProjectionSearch().nearestPoint(
        for: BoundaryQuery(input, fact: 7), using: OracleTests.plane)
    }
    #expect(throws: BoundaryError.norm(search: "ddn", .l1)) {
      try DecoupledNormSearch().nearestPoint(
        for: BoundaryQuery(input, fact: 0, norm: .l1), using: OracleTests.plane)
    }
    #expect(throws: BoundaryError.needsGradients(search: "projection")) {
      try ProjectionSearch().nearestPoint(
        for: BoundaryQuery(input, fact: 0), using: BlackBox(model: OracleTests.plane))
    }
  }

  @Test func `a black box has its boundary found by labels`() throws {
    let outcome = try HopSkipJumpSearch().nearestPoint(
      for: OracleTests.query(OracleTests.planeInput), using: BlackBox(model: OracleTests.plane))
    let point = try #require(outcome.point)
    #expect(abs(point.distance - 23.0 / 13) < 0.01 * 23 / 13)
    #expect(point.normal == nil && point.optimalityResidual == nil)
    #expect(outcome.effort.gradients == 0)
  }

  static func picture(_ seed: UInt64) -> Tensor {
    var random = TestRandom(seed)
    return random.tensor([1, 3, 16, 16], in: 0...1)
  }

  /// A model that shows its scores only.
  struct BlackBox: Classifier {
    let model: CompiledNetwork
    var inputShape: Shape { model.inputShape }
    var classCount: Int { model.classCount }
    var labels: [String] { model.labels }
    var batchLimit: Int { model.batchLimit }
    func logits(for batch: Tensor) -> Tensor { model.logits(for: batch) }
  }
}

import Kernels
import Networks
import Tensors
import TestSupport
import Testing

struct FlatteningTests {
  /// Saturated for most pictures, with a squashing of each kind on the way.
  static func network() throws -> CompiledNetwork {
    var random = TestRandom(5)
    func dense(_ from: Int, _ to: Int) throws -> Dense {
      try Dense(
        weights: random.tensor([to, from], in: -30...30), bias: random.tensor([to], in: -30...30),
        transposed: true)
    }
    return try CompiledNetwork(
      Network(
        input: "x", inputShape: [1, 2, 3],
        nodes: [
          .init("flat", Reshape(item: [6]), of: ["x"]),
          .init("first", try dense(6, 8), of: ["flat"]),
          .init("tanh", Tanh(HyperbolicTangent()), of: ["first"]),
          .init("second", try dense(8, 8), of: ["tanh"]),
          .init("relu", ReLU(), of: ["second"]),
          .init("third", try dense(8, 8), of: ["relu"]),
          .init("sigmoid", Sigmoid(LogisticFunction()), of: ["third"]),
          .init("unused", Erf(ErrorFunction()), of: ["third"]),
          .init("scores", try dense(8, 3), of: ["sigmoid"]),
        ], logits: "scores"))
  }

  @Test func `the error function reaches as far as the literature says`() throws {
    for (slope, reach) in [(Float(0.1), Float(1.5568)), (0.01, 2.1739), (1e-3, 2.6511)] {
      let found = try #require(ErrorFunction().reach(ofSlope: slope))
      #expect(abs(found - reach) < 1e-4)
    }
  }

  @Test func `within their reach functions have the slope, and not beyond`() throws {
    func check<F: SaturatingFunction>(_ function: F, _ slope: Float) throws {
      let reach = try #require(function.reach(ofSlope: slope))
      func slopes(_ x: Float) -> [Float] {
        [x, -x].map { function.slope(at: F.slopeReads == .input ? $0 : function($0)) }
      }
      #expect(slopes(0.99 * reach).allSatisfy { $0 >= slope })
      #expect(slopes(1.01 * reach).contains { $0 < slope })
      // Steeper than it ever is.
      let least = try #require(function.reach(ofSlope: 100))
      #expect(least > 0 && slopes(0.99 * least).allSatisfy { $0 >= 0.89 * slopes(0)[0] })
    }
    for slope in [Float(0.1), 0.01, 1e-3] {
      try check(LogisticFunction(), slope)
      try check(HyperbolicTangent(), slope)
      try check(ErrorFunction(), slope)
      try check(SoftsignFunction(), slope)
      try check(HardLogistic(), slope)
      try check(ClipFunction(low: -1, high: 1), slope)
    }
  }

  @Test func `rectifiers and gates do not saturate on both sides`() throws {
    #expect(ClipFunction(low: 0, high: 6).reach(ofSlope: 0.01) == nil)
    #expect(ClipFunction(low: -1, high: .infinity).reach(ofSlope: 0.01) == nil)
    #expect(HardLogistic(beta: 1.5).reach(ofSlope: 0.01) == nil)
    for network in [
      try SmallNetworks.mixed(),
      try SmallNetworks.around(GELU(GaussianLinear()), input: [1, 1, 4]),
    ] {
      #expect(CompiledNetwork(network).saturatingLayers == [])
    }
  }

  @Test func `all elements of flattened activations have the slope, and need the factor`() throws {
    let network = try Self.network()
    #expect(network.saturatingLayers == ["tanh", "sigmoid"])
    var random = TestRandom(8)
    let pictures = random.tensor([4, 1, 2, 3], in: 0...1)
    let slope: Float = 0.01
    let flattenings = network.flattenings(for: pictures, slope: slope)
    for (index, flattening) in flattenings.enumerated() {
      #expect(!flattening.isNone)
      #expect(flattening.factors.allSatisfy { $0 >= 1 && $0.significand == 1 })
      func leastSlopes(_ flattening: Flattening) -> [Float] {
        let trace = network.flattened(by: flattening)
          .trace(pictures.item(index), for: TraceRequest(reading: ["tanh", "sigmoid"]))
        return [
          trace["tanh"].scalars.map { 1 - $0 * $0 }.min() ?? 0,
          trace["sigmoid"].scalars.map { $0 * (1 - $0) }.min() ?? 0,
        ]
      }
      #expect(leastSlopes(flattening).allSatisfy { $0 >= slope })
      for layer in 0..<2 where flattening.factors[layer] > 1 {
        var factors = flattening.factors
        factors[layer] /= 2
        #expect(leastSlopes(Flattening(factors: factors))[layer] < slope)
      }
      #expect(network.flattenings(for: pictures.item(index), slope: slope) == [flattening])
    }
  }

  @Test func `eased to nothing a network is itself`() throws {
    let network = try Self.network()
    let picture = TestRandom.picture([1, 1, 2, 3])
    let flattening = Flattening(factors: [8, 64])
    #expect(flattening.eased(to: 1) == flattening && flattening.eased(to: 0).isNone)
    #expect(flattening.eased(to: 0.5).factors[1] == 8)
    #expect(
      network.flattened(by: flattening.eased(to: 0)).logits(for: picture)
        == network.logits(for: picture))
    #expect(network.flattened(by: flattening).logits(for: picture) != network.logits(for: picture))
    #expect(network.flattenings(for: picture, slope: 0) == [Flattening(factors: [1, 1])])
  }
}

extension TestRandom {
  fileprivate static func picture(_ shape: Shape) -> Tensor {
    var random = TestRandom(2)
    return random.tensor(shape, in: 0...1)
  }
}

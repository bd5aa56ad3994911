import Explanations
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

struct SanityTests {
  @Test func `shuffled layers keep their values and lose their order`() throws {
    let network = try SmallNetworks.mixed()
    #expect(network.trainableLayers == ["conv1", "conv2", "wide", "narrow", "scores"])
    let shuffled = try network.randomized(["conv1", "scores"], seed: 1)
    for (before, after) in zip(network.nodes, shuffled.nodes) {
      #expect(before.name == after.name)
      for (old, new) in zip(before.layer.parameters, after.layer.parameters) {
        #expect(old.scalars.sorted() == new.scalars.sorted())
        let isChosen = before.name == "conv1" || before.name == "scores"
        #expect((old == new) == !isChosen)
      }
    }
    let again = try network.randomized(["conv1"], seed: 1)
    #expect(again.nodes[0].layer.parameters == shuffled.nodes[0].layer.parameters)
    let other = try network.randomized(["conv1"], seed: 2)
    #expect(other.nodes[0].layer.parameters != shuffled.nodes[0].layer.parameters)
    #expect(throws: NetworkError.self) { try network.randomized(["relu1"], seed: 1) }
    #expect(throws: NetworkError.self) { try network.randomized(["no-such-layer"], seed: 1) }
    #expect(throws: NetworkError.self) { try network.randomized([.input], seed: 1) }
  }

  @Test func `stages go from the logits down in even steps`() {
    let layers: [LayerName] = ["e", "d", "c", "b", "a"]
    #expect(
      RandomizedMaps.stages(3, of: layers, .cascading)
        == [["e"], ["e", "d", "c"], ["e", "d", "c", "b", "a"]])
    #expect(RandomizedMaps.stages(3, of: layers, .independent) == [["e"], ["c"], ["a"]])
    #expect(RandomizedMaps.stages(9, of: layers, .independent).count == 5)
    #expect(RandomizedMaps.stages(1, of: layers, .cascading) == [Set(layers)])
    #expect(RandomizedMaps.stages(4, of: [], .cascading) == [])
  }

  @Test func `networks are made once`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    let networks = RandomizedNetworks(of: model, seed: 3)
    #expect(networks.layers == ["scores", "narrow", "wide", "conv2", "conv1"])
    let first = try networks.model(shuffling: ["scores"])
    #expect(try networks.model(shuffling: ["scores"]) === first)
    #expect(try networks.model(shuffling: ["conv1"]) !== first)
  }

  @Test func `a map that ignores the network stays, and a gradient does not`() throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let networks = RandomizedNetworks(of: model, seed: 3)
    func values(_ method: String) throws -> [MeasuredValue] {
      let measured = try MeasuredCases.explained(
        method, question, by: model, randomized: networks)
      return [
        try ConfiguredMeasure(ParameterRandomization()).measure(measured),
        try ConfiguredMeasure(ParameterRandomizationSSIM()).measure(measured),
      ]
    }
    for value in try values("edge-detector") { #expect(value.isNear(1)) }
    for value in try values("gradient") {
      #expect(try #require(value.value) < 0.6)
      #expect(value.series["stages"]?.count == 4)
    }
  }

  @Test func `of a smoothed network, shuffled ones are smoothed by the same noise`() throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let smoothed = Smoothed(model, by: try Smoothing(deviation: 0.5, samples: 4), seed: 7)
    let networks = RandomizedNetworks(of: model, seed: 3)
    let measured = try MeasuredCases.explained(
      "gradient", question, by: smoothed, randomized: networks)
    let planes = try measured.randomizedMaps(stages: 1, .cascading).planes
    let shuffled = try networks.model(shuffling: Set(networks.layers))
    func plane(_ model: any Classifier) throws -> Image<Float> {
      try measured.explainer.explain(question, using: model).map.plane(of: measured.map.size)
    }
    #expect(try planes == [plane(smoothed.smoothing(shuffled))])
    #expect(try planes != [plane(shuffled)])
  }

  @Test func `structural similarity is 1 for equal planes and falls with noise`() {
    var random = TestRandom(1)
    let size = PixelSize(side: 24)
    func plane(_ values: [Float]) -> Image<Float> {
      Image(size: size, layout: .gray, samples: values)
    }
    let values = (0..<size.area).map { Float($0 % 24) / 24 }
    let noise = random.tensor([size.area], in: -0.2...0.2).scalars
    #expect((StructuralSimilarity.mean(of: plane(values), and: plane(values)) - 1).magnitude < 1e-6)
    let noisy = StructuralSimilarity.mean(
      of: plane(values), and: plane(zip(values, noise).map(+)))
    #expect(noisy > 0 && noisy < 0.9)
    let unrelated = StructuralSimilarity.mean(of: plane(values), and: plane(noise))
    #expect(unrelated < noisy)
  }
}

import Boundaries
import Explanations
import Networks
import Tensors
import TestSupport
import Testing

/// What every method of the catalogue keeps; a newcomer is tested by being listed.
struct ExplainerContractTests {
  let model: CompiledNetwork
  let question: Question

  init() throws {
    model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(21)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let ranking = model.prediction(for: input).ranking(2)
    question = Question(.synthetic(input), fact: ranking[0], foil: ranking[1])
  }

  @Test(arguments: ExplainerCatalog.all)
  func `the same question has the same answer`(_ entry: ExplainerEntry) throws {
    let method = try entry.configured()
    let (first, second) = (
      try method.explain(question, using: model), try method.explain(question, using: model)
    )
    #expect(first.map == second.map)
    #expect(first.diagnostics == second.diagnostics)
  }

  @Test(arguments: ExplainerCatalog.all)
  func `a map is finite, and not negative where it has no sign`(_ entry: ExplainerEntry) throws {
    let explanation = try entry.configured().explain(question, using: model)
    let map = explanation.map
    #expect(map.values.isFinite)
    // In a random network just these two classes may tie nowhere above all others; a search says so.
    let foundNothing = explanation.status == .boundary(.noBoundaryFound)
    #expect(map.values.largestMagnitude > 0 || foundNothing)
    if map.sign == .magnitude { #expect(map.values.scalars.allSatisfy { $0 >= 0 }) }
  }

  @Test(arguments: ExplainerCatalog.all)
  func `a network that ignores its input gives a zero map that says so`(
    _ entry: ExplainerEntry
  ) throws {
    let blind = try Network(
      input: "x", inputShape: [3, 8, 8],
      nodes: [
        .init(
          "features",
          try Convolution2D(
            weights: Tensor(zeros: [4, 3, 1, 1]), bias: Tensor([1, 2, 3, 4], shape: [4]),
            window: SmallNetworks.window(1)), of: ["x"]),
        .init("pooled", GlobalAveragePool(), of: ["features"]),
        .init("flat", Reshape(item: [4]), of: ["pooled"]),
        .init(
          "scores", try Dense(weights: Tensor(zeros: [3, 4]), transposed: true), of: ["flat"]),
      ], logits: "scores")
    var random = TestRandom(2)
    let subject = Subject.synthetic(random.tensor([1, 3, 8, 8], in: 0...1))
    let explanation = try entry.configured().explain(
      Question(subject, fact: 0), using: CompiledNetwork(blind))
    #expect(explanation.map.values.largestMagnitude == 0)
    #expect(explanation.status == .nothingFound)
  }

  @Test func `a map that is not finite is an answer that says so`() throws {
    let broken = try Network(
      input: "x", inputShape: [1, 1, 2],
      nodes: [
        .init("flat", Reshape(item: [2]), of: ["x"]),
        .init(
          "scores", try Dense(weights: Tensor([.infinity, 1], shape: [1, 2]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
    let entry = try #require(ExplainerCatalog.entry(named: "gradient"))
    let subject = Subject.synthetic(Tensor([0.5, 0.5], shape: [1, 1, 1, 2]))
    let explanation = try entry.configured().explain(
      Question(subject, fact: 0), using: CompiledNetwork(broken))
    #expect(explanation.status == .nonFinite)
    #expect(explanation.map.values[1] == 1)
  }

  @Test(arguments: ExplainerCatalog.all)
  func `a smoothed network is explained as any other`(_ entry: ExplainerEntry) throws {
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.05, samples: 4), seed: question.subject.seed)
    let method = try entry.configured()
    let map = try method.explain(question, using: smoothed).map
    #expect(map.values.isFinite && map.values.shape.rank == 3)
    #expect(try map == method.explain(question, using: smoothed).map)
  }

  @Test(arguments: ExplainerCatalog.all)
  func `an option that does not exist is refused`(_ entry: ExplainerEntry) {
    var options = MethodOptions()
    options.set("no-such-option", to: "1")
    #expect(throws: ExplainerError.self) { try entry.configured(options) }
  }

  @Test(arguments: ExplainerCatalog.all)
  func `every option is described, and nothing else`(_ entry: ExplainerEntry) throws {
    func keys(_ value: JSONValue) -> [String]? {
      guard case .object(let fields) = value else { return nil }
      return fields.flatMap { key, value in keys(value)?.map { "\(key).\($0)" } ?? [key] }
    }
    #expect(Set(try #require(keys(entry.defaults))) == Set(entry.about.parameters.keys))
    #expect(try entry.configured().parameters == entry.defaults)
  }

  @Test func `names are unique and spelled as on the command line`() {
    let names = ExplainerCatalog.all.map(\.about.name)
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" || $0 == "+" })
    }
  }
}

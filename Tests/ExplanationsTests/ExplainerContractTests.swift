import Boundaries
import Explanations
import Networks
import Tensors
import TestSupport
import Testing

/// What every method of the catalogue keeps; a newcomer is tested by being listed.
struct ExplainerContractTests {
  let ordinary: CompiledNetwork
  let invertible: CompiledInvertibleNetwork
  let input: Tensor

  init() throws {
    ordinary = CompiledNetwork(try SmallNetworks.mixed())
    invertible = CompiledInvertibleNetwork(try SmallNetworks.invertible())
    var random = TestRandom(21)
    input = random.tensor([1, 3, 16, 16], in: 0...1)
  }

  /// A network that the method can be asked about, and what it is asked.
  private func scene(
    for entry: ExplainerEntry
  ) -> (model: any DifferentiableClassifier, question: Question) {
    let model: any DifferentiableClassifier = entry.suits(ordinary) ? ordinary : invertible
    let ranking = model.prediction(for: input).ranking(2)
    return (model, Question(.synthetic(input), fact: ranking[0], foil: ranking[1]))
  }

  @Test(arguments: ExplainerCatalog.all)
  func `the same question has the same answer`(_ entry: ExplainerEntry) throws {
    let (model, question) = scene(for: entry)
    let method = try entry.configured()
    let (first, second) = (
      try method.explain(question, using: model), try method.explain(question, using: model)
    )
    #expect(first.map == second.map)
    #expect(first.diagnostics == second.diagnostics)
  }

  @Test(arguments: ExplainerCatalog.all)
  func `a map is finite, and not negative where it has no sign`(_ entry: ExplainerEntry) throws {
    let (model, question) = scene(for: entry)
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
    let blindly = CompiledNetwork(blind)
    let model: any Classifier =
      entry.suits(blindly) ? blindly : CompiledInvertibleNetwork(try Self.blindInvertible())
    let explanation = try entry.configured().explain(Question(subject, fact: 0), using: model)
    #expect(explanation.map.values.largestMagnitude == 0)
    #expect(explanation.status == .nothingFound)
  }

  /// Three classes that tie for every picture.
  private static func blindInvertible() throws -> InvertibleNetwork {
    try InvertibleNetwork(
      inputShape: [3, 8, 8], blocks: [SpaceToDepthBlock("squeeze")],
      head: try LinearHead(
        weights: Tensor(zeros: [3, 12]), bias: Tensor(repeating: 1, shape: [3]), isPooled: true))
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
  func `a smoothed network is explained as any other, but for its inverse`(
    _ entry: ExplainerEntry
  ) throws {
    let (model, question) = scene(for: entry)
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.05, samples: 4), seed: question.subject.seed)
    guard entry.suits(smoothed) else {
      #expect(throws: ExplainerError.self) {
        try entry.configured().explain(question, using: smoothed)
      }
      return
    }
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

import Networks
import Tensors
import Testing

@testable import Explanations

/// What guided feature inversion shows beside its mask.
struct InversionStripTests {
  private let tests: GuidedFeatureInversionTests

  init() throws { tests = try GuidedFeatureInversionTests() }

  private func strips(
    _ profile: InversionProfile = .tidemark, _ change: (inout GuidedFeatureInversion) -> Void
  ) throws -> (Explanation, [String: Strip]) {
    var method = GuidedFeatureInversionTests.method(profile)
    change(&method)
    let explanation = try method.explain(tests.question, using: tests.model)
    let strips = Dictionary(uniqueKeysWithValues: explanation.strips.map { ($0.name, $0) })
    return (explanation, strips)
  }

  @Test func `nothing is shown that was not asked for, and it does not change the mask`() throws {
    let (plain, none) = try strips { _ in }
    #expect(none.isEmpty)
    let (full, all) = try strips {
      ($0.trace, $0.channels) = (true, 3)
      $0.layers = LayerList($0.maskLayer == .automatic ? tests.model.layers[1].name : "")
    }
    #expect(all.keys.sorted() == ["channels", "layers", "trace"])
    #expect(full.map == plain.map)
    #expect(full.diagnostics.values == plain.diagnostics.values)
    #expect(full.diagnostics.forwardPasses > plain.diagnostics.forwardPasses)
  }

  @Test(arguments: InversionProfile.allCases)
  func `a trace begins with the first mask and goes through both stages`(
    _ profile: InversionProfile
  ) throws {
    let (explanation, strips) = try strips(profile) {
      $0.trace = true
      ($0.inversionPenalty, $0.penalty) = (.set(0), .set(0))
    }
    let trace = try #require(strips["trace"])
    #expect((2...17).contains(trace.frames.count))
    #expect(trace.maps.shape[0] == trace.frames.count)
    #expect(trace.frames.first?.values.prefix(2) == [1, 0])
    #expect(trace.frames.last?.values.first == 2)
    if profile == .tidemark {
      let last = trace.map(ofFrame: trace.frames.count - 1)
      #expect(last == explanation.map)
    }
  }

  @Test func `the shares of all channels add up to one, and come in order`() throws {
    let (_, strips) = try strips { $0.channels = 64 }
    let channels = try #require(strips["channels"])
    let column = try #require(channels.columns.firstIndex(of: "share"))
    let shares = channels.frames.map { $0.values[column] }
    #expect((shares.reduce(0, +) - 1).magnitude < 1e-9)
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 >= $1 })
  }

  /// Leaving out a channel that the mask is made of alone shows nothing but the background.
  @Test func `the fall of the lead is that of the mask without the channel`() throws {
    let (_, some) = try strips { $0.channels = 2 }
    let (_, more) = try strips { $0.channels = 4 }
    let (a, b) = (try #require(some["channels"]), try #require(more["channels"]))
    #expect(Array(b.frames.prefix(2)) == a.frames)
    #expect(b.frames.contains { $0.values[3] != 0 })
  }

  @Test func `a layer whose features hold the picture keeps more of it with a larger mask`() throws
  {
    let layer = try #require(tests.model.activationLayer).name
    let lost = try [0.1, 1].map { area in
      let (_, strips) = try strips { ($0.layers, $0.area) = (LayerList(layer), area) }
      let strip = try #require(strips["layers"])
      #expect(strip.maps.shape == [1, 16, 16])
      #expect(strip.frames[0].title.hasPrefix("\(layer): keeps "))
      return strip.frames[0].values[0]
    }
    #expect(lost[1] <= lost[0])
    #expect(lost[1] < 1)
  }

  @Test func `a layer that does not exist is refused`() throws {
    var method = GuidedFeatureInversion()
    method.layers = LayerList("nowhere")
    #expect(throws: ExplainerError.self) {
      try method.explain(tests.question, using: tests.model)
    }
  }

  @Test func `layers are listed with commas, and none is no layer`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "guided-feature-inversion"))
    let configured = try entry.configured(MethodOptions(["layers": "a, b/c"]))
    guard case .object(let parameters) = configured.parameters else { throw Unexpected() }
    #expect(parameters["layers"] == .string("a,b/c"))
    guard case .object(let defaults) = entry.defaults else { throw Unexpected() }
    #expect(defaults["layers"] == .string(""))
    #expect(throws: ExplainerError.self) {
      try entry.configured(MethodOptions(["channels": "4", "basis": "grid"]))
    }
  }

  @Test(arguments: [1, 2, 17, 1000]) func `a film keeps the first and the last, and never more`(
    _ count: Int
  ) {
    var film = MaskFilm()
    for step in 0..<count {
      film.add(MaskFilm.Take(stage: 1, step: step, loss: 0, weights: [Double(step)]))
    }
    let steps = film.takes.map(\.step)
    #expect(steps.count <= 17)
    #expect(steps.first == 0 && steps.last == count - 1)
    let gaps = Set(zip(steps, steps.dropFirst()).map { $1 - $0 }.dropLast())
    #expect(gaps.count <= 1)
  }

  private struct Unexpected: Error {}
}

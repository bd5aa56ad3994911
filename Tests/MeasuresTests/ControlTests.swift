import Explanations
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

struct ControlTests {
  @Test(arguments: ControlCatalog.all)
  func `controls are finite, repeatable and described`(_ entry: ExplainerEntry) throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let control = try entry.configured()
    let map = try control.explain(question, using: model).map
    #expect(map.values.isFinite && map.values.largestMagnitude > 0)
    #expect(map.sign == .magnitude && map.values.scalars.allSatisfy { $0 >= 0 })
    #expect(try control.explain(question, using: model).map == map)
    guard case .object(let fields) = entry.defaults else {
      Issue.record("the defaults are no group of options")
      return
    }
    #expect(Set(fields.keys) == Set(entry.about.parameters.keys))
    for key in fields.keys {
      var options = MethodOptions()
      options.set(key, to: "0")
      #expect(throws: ExplainerError.self) { try entry.configured(options) }
    }
  }

  @Test func `random values follow the seed, and nothing else`() throws {
    func map(seed: UInt64) throws -> AttributionMap {
      let (model, question, _) = try MeasuredCases.mixed(seed: seed)
      return try MeasuredCases.explainer("random-map").explain(question, using: model).map
    }
    #expect(try map(seed: 1) != map(seed: 2))
  }

  @Test func `the hill is in the middle`() throws {
    let (model, question, _) = try MeasuredCases.mixed()
    let map = CenteredGaussian().explain(question, using: model).map.image
    let strongest = map.samples.max()
    #expect([map[7, 7], map[8, 7], map[7, 8], map[8, 8]].allSatisfy { $0 == strongest })
    #expect((0..<16).allSatisfy { map[$0, 3] == map[15 - $0, 12] && map[3, $0] == map[$0, 3] })
  }

  @Test func `edges are where the brightness changes`() throws {
    let (model, _, _) = try MeasuredCases.mixed()
    let input = Tensor(
      (0..<768).map { $0 % 16 < 8 ? Float(0.25) : 0.75 }, shape: [1, 3, 16, 16])
    let map = EdgeDetector().explain(Question(.synthetic(input), fact: 0), using: model).map.image
    for y in 0..<16 {
      for x in 0..<16 {
        // 4 times the step on either side of it.
        #expect((map[x, y] - ((7...8).contains(x) ? 2 : 0)).magnitude < 1e-5)
      }
    }
  }

  @Test func `the gradient's squares rank positions as its magnitude does, in one channel`() throws
  {
    let (model, _) = try MeasuredCases.linear()
    var random = TestRandom(1)
    let question = Question(.synthetic(random.tensor([1, 1, 8, 8], in: 0...1)), fact: 0)
    let gradient = try Gradient().explain(question, using: model).map.values
    let squares = try SquaredGradient().explain(question, using: model).map.values
    #expect(squares == gradient * gradient)
    let blurred = try BlurredGradient().explain(question, using: model).map.values
    #expect((blurred.sum / gradient.map(\.magnitude).sum - 1).magnitude < 1e-5)
  }
}

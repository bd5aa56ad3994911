import Boundaries
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// What flips where only one part of the picture may change.
struct RegionFlipsTests {
  /// Four pixels, a region each; margin ⟨w, x⟩ − 0.3 at x = 0.5.
  private let weights: [Float] = [2, -1, 0.4, 0]
  private let picture = Tensor(repeating: 0.5, shape: [1, 1, 1, 4])

  private func explanation(kept: Tensor? = nil) throws -> Explanation {
    let model = CompiledNetwork(
      try SmallNetworks.linear([weights, [0, 0, 0, 0]], bias: [-0.3, 0]))
    var method = RegionFlips()
    method.segmentation = .grid
    method.regions = 16
    return try method.explain(Question(.synthetic(picture, kept: kept), fact: 0), using: model)
  }

  @Test func `a region's value is one over its own distance, 0 where it cannot flip`() throws {
    // The margin is 0.4: 0.2 of the first pixel or 0.4 of the second; the third would need 1.
    let explanation = try explanation()
    #expect(explanation.status == .complete)
    let values = explanation.map.values
    #expect(values.shape == [1, 1, 4])
    for (found, exact) in zip(values.scalars, [5, 2.5, 0, 0] as [Float]) {
      #expect((found - exact).magnitude < 1e-3)
    }
    let counterpart = try #require(explanation.counterpart)
    #expect((counterpart[0] - 0.3).magnitude < 1e-4)
    #expect(counterpart.scalars.dropFirst().allSatisfy { $0 == 0.5 })
    #expect(explanation.diagnostics.values["flipping"] == 2)
    #expect((try #require(explanation.diagnostics.values["distance"]) - 0.2).magnitude < 1e-4)
  }

  @Test func `kept pixels stay kept`() throws {
    let explanation = try explanation(kept: Tensor([1, 0, 0, 0], shape: [1, 4]))
    #expect(explanation.map.values[0] == 0)
    #expect((explanation.map.values[1] - 2.5).magnitude < 1e-3)
    #expect(explanation.counterpart?[0] == 0.5)
  }

  @Test func `where nothing flips, the status says so`() throws {
    let explanation = try explanation(kept: Tensor([1, 1, 0, 0], shape: [1, 4]))
    #expect(explanation.map.values.largestMagnitude == 0)
    #expect(explanation.counterpart == nil)
    #expect(explanation.status == .boundary(.infeasibleBox))
  }
}

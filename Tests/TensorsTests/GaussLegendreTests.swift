import Tensors
import Testing

struct GaussLegendreTests {
  @Test(arguments: [1, 2, 3, 5, 8, 16, 32, 64, 256])
  func `n points integrate polynomials of degree 2n − 1 exactly`(_ count: Int) {
    let rule = GaussLegendre(count: count)
    for degree in [0, 1, count, 2 * count - 1] {
      let sum = zip(rule.nodes, rule.weights).reduce(0) { sum, pair in
        sum + pair.1 * (0..<degree).reduce(1) { power, _ in power * pair.0 }
      }
      // ∫₀¹ tᵈ dt; rounding grows with the number of points only.
      #expect((sum - 1 / Double(degree + 1)).magnitude < 1e-14 * Double(count + 4))
    }
  }

  @Test func `nodes ascend inside 0...1 and are symmetric`() {
    let rule = GaussLegendre(count: 32)
    #expect(rule.nodes == rule.nodes.sorted())
    #expect(rule.nodes.allSatisfy { $0 > 0 && $0 < 1 })
    for (low, high) in zip(rule.nodes, rule.nodes.reversed()) {
      #expect((low + high - 1).magnitude < 1e-15)
    }
  }

  @Test func `the rule of two points`() {
    let rule = GaussLegendre(count: 2)
    #expect((rule.nodes[0] - (0.5 - 0.5 / 3.0.squareRoot())).magnitude < 1e-15)
    #expect((rule.weights[0] - 0.5).magnitude < 1e-15)
  }
}

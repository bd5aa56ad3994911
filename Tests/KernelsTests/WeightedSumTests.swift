import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct WeightedSumTests {
  private func add(
    _ items: Tensor, in layout: FeatureLayout = .channelsFirst, weights: [Float],
    to sum: inout WeightedSum
  ) {
    let memory = Memory(
      offsets: [0], arena: Arena(byteCount: items.count * 4), workspaceByteCount: 0, parameters: [])
    let slot = Operand(.slot(0), shape: items.shape)
    memory.store(items, to: slot)
    sum.add(slot, in: layout, of: memory, weights: weights)
  }

  // The last is longer than a block, and no multiple of one.
  @Test(arguments: [[1, 3], [4, 2, 5, 7], [3, 9001]])
  func `items are added in their order`(extents: [Int]) {
    let x = Tensor.random(Shape(extents))
    let weights = (0..<x.batch).map { 1 / Float($0 + 1) }
    var expected = Tensor(zeros: x.shape.batched(1))
    for (item, weight) in weights.enumerated() { expected.add(x.item(item), scaledBy: weight) }
    var whole = WeightedSum()
    add(x, weights: weights, to: &whole)
    #expect(whole.value == expected)
    var parts = WeightedSum()
    for (item, weight) in weights.enumerated() { add(x.item(item), weights: [weight], to: &parts) }
    #expect(parts.value == expected)
  }

  @Test func `items of weight 0 are not looked at`() {
    var sum = WeightedSum()
    add(Tensor([1, .nan, 2, .infinity], shape: [4, 1]), weights: [3, 0, 1, 0], to: &sum)
    #expect(sum.value == Tensor([5], shape: [1, 1]))
  }

  @Test func `maps may lie in either order`() {
    let (first, last) = (Tensor.random([2, 3, 4, 5]), Tensor.random([2, 4, 5, 3]))
    var turned = Tensor(zeros: [2, 3, 4, 5])
    for item in 0..<2 {
      for channel in 0..<3 {
        for place in 0..<20 {
          turned[(item * 3 + channel) * 20 + place] = last[(item * 20 + place) * 3 + channel]
        }
      }
    }
    var expected = WeightedSum()
    add(first, weights: [1, 2], to: &expected)
    add(turned, weights: [-1, 3], to: &expected)
    add(first, weights: [0.5, 1], to: &expected)
    var found = WeightedSum()
    add(first, weights: [1, 2], to: &found)
    add(last, in: .channelsLast, weights: [-1, 3], to: &found)
    add(first, weights: [0.5, 1], to: &found)
    #expect(found.value == expected.value)
  }
}

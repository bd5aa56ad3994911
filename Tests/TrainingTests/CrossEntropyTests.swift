import Tensors
import TestSupport
import Testing

@testable import Training

struct CrossEntropyTests {
  @Test func `the gradient is the loss's slope`() {
    var random = TestRandom(2)
    let logits = random.tensor([3, 4], in: -2...2)
    var targets = random.tensor([3, 4], in: 0.1...1)
    for item in 0..<3 {
      let sum = targets.item(item).sum
      for k in 0..<4 { targets[item * 4 + k] /= Float(sum) }
    }
    let loss = CrossEntropy(smoothing: 0.2, classWeights: [1, 2, 0.5, 3])
    let value = loss.value(logits, targets: targets)
    for index in 0..<12 {
      let step: Float = 1e-2
      var (above, below) = (logits, logits)
      above[index] += step
      below[index] -= step
      let slope =
        (loss.value(above, targets: targets).loss - loss.value(below, targets: targets).loss)
        / Double(above[index] - below[index])
      #expect(abs(slope - Double(value.gradient[index])) < 1e-4)
    }
  }

  @Test func `scores without end neither overflow nor vanish`() {
    let logits = Tensor([1000, -1000], shape: [1, 2])
    let value = CrossEntropy().value(logits, targets: Tensor([0, 1], shape: [1, 2]))
    #expect(value.loss == 2000)
    #expect(value.gradient.scalars == [1, -1])
    #expect(value.predictions == [0])
  }

  @Test func `the rate goes up in a line and down to nothing`() {
    let schedule = Schedule(peak: 2, warmUp: 4, total: 12)
    #expect((0..<4).map(schedule.rate) == [0.5, 1, 1.5, 2])
    #expect(schedule.rate(at: 4) == 2)
    #expect(abs(schedule.rate(at: 8) - 1) < 1e-12)
    #expect(schedule.rate(at: 12) == 0)
  }
}

import Kernels
import Networks
import Tensors
import Testing

@testable import Training

struct PlaneTrainingTests {
  /// Two classes on either side of a parabola.
  private func points(_ count: Int) -> (points: Tensor, classes: [Int]) {
    let values = CounterRandom(seed: 4).uniform([count, 2], sample: 0).map { 2 * $0 - 1 }
    let classes = (0..<count).map { index in
      values[2 * index + 1] > values[2 * index] * values[2 * index] - 0.4 ? 0 : 1
    }
    return (values.reshaped(to: [count, 2, 1, 1]), classes)
  }

  @Test func `a network is that of the paper, and starts where the seed says`() throws {
    let start = try PlaneTraining().start(seed: 1)
    #expect(start.inputShape == [2, 1, 1] && start.classCount == 2)
    #expect(start.blocks.count == 6)
    // Twice 1 → 4 → 1 for each coupling, and the head.
    #expect(start.network.parameterCount == 6 * 2 * 13 + 6)
    #expect(start.head.weights.largestMagnitude <= Float(0.5).squareRoot())
    #expect(try PlaneTraining().start(seed: 1).head.weights == start.head.weights)
    #expect(try PlaneTraining().start(seed: 2).head.weights != start.head.weights)
  }

  @Test func `training tells classes apart, in the same bits each time`() throws {
    let (points, classes) = points(300)
    var training = PlaneTraining()
    training.epochs = 30
    let network = try training.network(
      for: points, classes: classes, seed: 1, engine: .portable)
    let model = CompiledInvertibleNetwork(network, engine: .portable)
    let right = classes.indices.count { model.prediction(for: points.item($0)).top == classes[$0] }
    #expect(right > 250)
    for index in 0..<20 { #expect(model.reconstructionErrors(of: points.item(index))[0] < 1e-5) }
    let again = try training.network(for: points, classes: classes, seed: 1, engine: .portable)
    #expect(again.head.weights == network.head.weights)
    training.epochs = 0
    let untrained = try training.network(for: points, classes: classes, seed: 1)
    #expect(try untrained.head.weights == training.start(seed: 1).head.weights)
  }
}

import Boundaries
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A trained network's hundred pictures, and the nearest points that public attacks have found for them.
@Suite(.enabled(if: SharedFolder.exists))
struct GoldenBoundaryTests {
  @Test(arguments: [(20, 1.010), (60, 1.000), (200, 1.000)])
  func `distances are no larger than the least of all public attacks`(
    gradients: Int, ratio: Double
  ) throws {
    let folder = "golden/boundary"
    func read(_ name: String) throws -> Tensor {
      try NPY.read(SharedFolder.file("\(folder)/\(name).npy").path)
    }
    let (inputs, logits, least) = (
      try read("inputs"), try read("logits"), try read("minimum_l2")
    )
    let model = CompiledNetwork(
      try ModelFile.read(SharedFolder.file("\(folder)/model.onnx").path).network)
    let queries = try (0..<inputs.batch).map {
      try BoundaryQuery(inputs.item($0), fact: Prediction(logits: logits.item($0).scalars).top)
    }
    let outcomes = try ProjectionSearch(gradients: gradients).nearestPoints(
      for: queries, using: model)
    var sum = 0.0
    for (index, outcome) in outcomes.enumerated() {
      let point = try #require(outcome.point)
      #expect(outcome.effort.gradients <= gradients)
      #expect(point.point.scalars.allSatisfy { (0...1).contains($0) })
      #expect(model.prediction(for: point.point).top == point.foil)
      let length = Norm.l2.length(of: point.point - inputs.item(index))
      #expect(abs(length - point.l2) < 1e-6)
      sum += length / Double(least[index])
    }
    #expect(sum / Double(outcomes.count) <= ratio)
  }
}

import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Training

/// The gain of inner networks, against matrices written out, and what holds after a training.
struct CouplingBoundTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TrainerTests.folder() }

  /// A convolution's matrix, with the normalisation behind it, element by element.
  private static func matrix(
    _ convolution: Convolution2D, _ normalization: BatchNormalization, _ input: Shape
  ) -> [[Double]] {
    let (channels, height, width) = (input[0], input[1], input[2])
    let (outputs, rows, columns) = (
      convolution.weights.shape[0], convolution.weights.shape[2], convolution.weights.shape[3]
    )
    let weights = convolution.weights.scalars.map(Double.init)
    var matrix = [[Double]](
      repeating: Array(repeating: 0, count: input.count), count: outputs * height * width)
    for output in 0..<outputs {
      let factor =
        Double(normalization.gamma[output])
        / (Double(normalization.variance[output]) + Double(normalization.epsilon)).squareRoot()
      for y in 0..<height {
        for x in 0..<width {
          for channel in 0..<channels {
            for row in 0..<rows {
              for column in 0..<columns {
                let (fromY, fromX) = (y + row - rows / 2, x + column - columns / 2)
                guard (0..<height).contains(fromY), (0..<width).contains(fromX) else { continue }
                let weight = ((output * channels + channel) * rows + row) * columns + column
                matrix[(output * height + y) * width + x][
                  (channel * height + fromY) * width + fromX] += factor * weights[weight]
              }
            }
          }
        }
      }
    }
    return matrix
  }

  /// The largest singular value, by the power method until it has settled.
  private static func norm(_ matrix: [[Double]]) -> Double {
    var random = TestRandom(3)
    var vector = matrix[0].map { _ in Double.random(in: -1...1, using: &random) }
    var value = 0.0
    for _ in 0..<2000 {
      let image = matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
      var next = vector.map { _ in 0.0 }
      for (row, factor) in zip(matrix, image) {
        for index in next.indices { next[index] += factor * row[index] }
      }
      let length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard length > 0 else { return 0 }
      vector = next.map { $0 / length }
      if (length.squareRoot() - value).magnitude < 1e-9 * value { break }
      value = length.squareRoot()
    }
    return value
  }

  /// The gain of every inner network, F before G.
  private static func gains(_ network: InvertibleNetwork) -> [Double] {
    network.blocks.compactMap { $0 as? AdditiveCoupling }.flatMap { [$0.first, $0.second] }.map {
      inner in
      var product = 1.0
      var shape = inner.graph.inputShape
      for (node, next) in zip(inner.graph.nodes, inner.graph.nodes.dropFirst()) {
        guard let convolution = node.layer as? Convolution2D,
          let normalization = next.layer as? BatchNormalization
        else { continue }
        product *= norm(matrix(convolution, normalization, shape))
        shape = Shape([convolution.weights.shape[0]] + shape.extents.dropFirst())
      }
      return product
    }
  }

  private func trainer(
    _ bound: Float?, averaging: Float = 0, architecture: Architecture = .invertible,
    activations: Trainer.Activations = .recomputed, epochs: Int = 4, checkpoint: String? = nil,
    engine: Engine = .preferred
  ) throws -> Trainer {
    var settings = TrainerTests.settings()
    settings.method = .adamw
    settings.epochs = epochs
    settings.averaging = averaging
    settings.couplingBound = bound
    return try TrainerTests.trainer(
      folder, settings, engine: engine, architecture: architecture, activations: activations,
      checkpoint: checkpoint)
  }

  @Test(arguments: Engine.available)
  func `gains are those of the matrices`(engine: Engine) throws {
    let trainer = try trainer(nil, engine: engine)
    _ = try trainer.run()
    let network = try #require(try trainer.trainedInvertible)
    let inTraining = try RecomputingNetwork(network, engine: engine)
    let bound = try #require(try CouplingBound(1, of: network, in: inTraining))
    var directions = bound.directions(of: inTraining, seed: 1)
    var found: [Double] = []
    for _ in 0..<200 { found = bound.gains(of: inTraining, directions: &directions) }
    let expected = Self.gains(network)
    #expect(found.count == expected.count && expected.allSatisfy { $0 > 0.1 }, "\(expected)")
    for (found, expected) in zip(found, expected) {
      #expect((found / expected - 1).magnitude < 1e-3, "\(found), not \(expected)")
    }
  }

  @Test(arguments: [Trainer.Activations.recomputed, .stored], [Float(0), 0.9])
  func `the bound holds after a training`(
    activations: Trainer.Activations, averaging: Float
  ) throws {
    let free = try trainer(nil, averaging: averaging, activations: activations)
    _ = try free.run()
    let network = try #require(try free.trainedInvertible)
    let largest = try #require(Self.gains(network).max())
    #expect(largest > 0.6)
    let bounded = try trainer(0.3, averaging: averaging, activations: activations)
    _ = try bounded.run()
    let gains = Self.gains(try #require(try bounded.trainedInvertible))
    #expect(gains.allSatisfy { $0 < 1.02 * 0.3 }, "\(gains)")
    #expect(gains.contains { $0 > 0.29 }, "\(gains)")
  }

  @Test func `a bounded training that was interrupted ends in the same bits`() throws {
    let straight = try trainer(0.3, averaging: 0.9)
    _ = try straight.run()
    let place = try TemporaryFolder()
    let path = place("checkpoint.safetensors")
    var steps = 0
    let interrupted = try trainer(0.3, averaging: 0.9, checkpoint: path)
    let ending = try interrupted.run(until: {
      steps += 1
      return steps == 6
    })
    #expect(ending == .interrupted)
    let resumed = try trainer(0.3, averaging: 0.9, checkpoint: path)
    try resumed.resume()
    _ = try resumed.run()
    #expect(try resumed.trained.onnx() == straight.trained.onnx())
    let error = #expect(throws: TrainingError.self) {
      try trainer(0.4, averaging: 0.9, checkpoint: path).resume()
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("--coupling-bound 0.3, not 0.4"))
  }

  @Test func `a bound is for couplings`() throws {
    let error = #expect(throws: TrainingError.self) {
      try trainer(1, architecture: .plain)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("about invertible networks"))
    for bound: Float in [0, -1, .infinity, .nan] {
      #expect(throws: TrainingError.self) { try trainer(bound) }
    }
  }
}

import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Training

/// Three steps of each optimiser, as PyTorch takes them in double precision.
@Suite(.enabled(if: SharedFolder.exists, "reference data are not beside the checkout"))
struct OptimizerReferenceTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let net: String
    let optimizer: Optimizer
    let file: String
    let rate: Double
    let decay: Float
    let tolerance: Float
    /// The share of parameters that may be further away.
    var strays = 0.0
    /// Whether steps do not depend on how large gradients are.
    var scalesNoise: Bool { optimizer.momentCount == 2 }
    var testDescription: String { "\(net), \(file)" }
  }

  static let cases: [Case] = [
    "plain", "residual", "fire", "mobile", "mix", "alex", "vggprep", "strided", "avgres",
  ].flatMap { net in
    [
      Case(
        net: net, optimizer: .descent(momentum: 0.9), file: "sgd3", rate: 0.05, decay: 1e-4,
        tolerance: 1e-5),
      Case(
        net: net, optimizer: .adamW(), file: "adam3", rate: 2e-3, decay: 0, tolerance: 1e-4,
        // In its second step one value lies within 3e-7 of a corner of Clip, on either side of which
        // single precision may find it; parameters with small gradients then go elsewhere.
        strays: net == "mobile" ? 0.005 : 0),
    ]
  }

  private struct Layout: Decodable {
    struct Entry: Decodable {
      let name: String
      let shape: Shape
      let offset: Int
    }
    let params: [Entry]
    let stats: [Entry]
  }

  private struct Index: Decodable {
    struct Net: Decodable {
      let sgd_losses: [Double]?
      let adam_losses: [Double]?
      /// How far PyTorch itself is from the reference in single precision.
      let f32_err: [String: Double]?
    }
    let nets: [String: Net]
  }

  /// What the reference knows of one network and optimiser.
  private struct Reference {
    let network: Network
    let layout: Layout
    let losses: [Double]
    let inputs: Tensor
    let labels: Tensor
    let parameters: Tensor
    let statistics: Tensor?
    /// Whether parameters can be compared: where gradients are 0, Adam scales what rounding leaves of
    /// them up to whole steps.
    let isCompared: [Bool]
    /// What is asked for, or where PyTorch itself is further away in single precision (weights of
    /// hundreds, after losses of thousands), as near as it comes.
    let tolerance: Float

    init(_ one: Case) throws {
      let folder = SharedFolder.file("golden/nets/\(one.net)")
      func array(_ name: String) throws -> Tensor {
        try NPY.read(folder.appending(path: "train/\(name).npy").path)
      }
      network = try ModelFile.read(folder.appending(path: "model.onnx").path).network
      layout = try JSONDecoder().decode(
        Layout.self, from: Data(contentsOf: folder.appending(path: "train/params.json")))
      let index = try JSONDecoder().decode(
        Index.self, from: Data(contentsOf: SharedFolder.file("golden/index.json")))
      let entry = try #require(index.nets[one.net])
      losses = try #require(one.file == "sgd3" ? entry.sgd_losses : entry.adam_losses)
      (inputs, labels) = (try array("x"), try array("y"))
      parameters = try array("\(one.file)_params")
      statistics = layout.stats.isEmpty ? nil : try array("\(one.file)_stats")
      isCompared =
        one.scalesNoise
        ? try array("adam3_compare").scalars.map { $0 == 1 }
        : [Bool](repeating: true, count: parameters.count)
      // With Adam, that distance is one of noise, which is left out here.
      let rounding = one.scalesNoise ? nil : entry.f32_err?["\(one.file)_update_maxabs"]
      tolerance = max(one.tolerance, Float(rounding ?? 0))
    }
  }

  @Test(arguments: cases, Engine.available)
  func `three steps end where the reference's do`(_ one: Case, engine: Engine) throws {
    let reference = try Reference(one)
    let network = try TrainableNetwork(reference.network, engine: engine)
    #expect(network.parameters.map(\.shape) == reference.layout.params.map(\.shape))
    #expect(network.parameters.map(\.range.lowerBound) == reference.layout.params.map(\.offset))
    #expect(network.statistics.map(\.range.lowerBound) == reference.layout.stats.map(\.offset))
    let ranges = network.parameters.map { (weights: $0.range, decay: one.decay) }
    var moments = [Float](
      repeating: 0, count: network.parameterCount * one.optimizer.momentCount)
    var isCompared = reference.isCompared
    for step in 0..<3 {
      let inputs = reference.inputs.items(step..<step + 1).reshaped(
        to: reference.inputs.shape.item)
      let labels = reference.labels.items(step..<step + 1).scalars.map { Int($0) }
      var loss = 0.0
      network.step(inputs) { logits in
        let targets = Batch.targets(labels, classCount: logits.shape[1])
        let value = CrossEntropy().value(logits, targets: targets)
        loss = value.loss
        return value.gradient
      }
      let expected = reference.losses[step]
      #expect(abs(loss - expected) < 1e-4 * max(1, expected), "loss of step \(step)")
      network.withValues { values in
        network.withGradients { gradients in
          one.optimizer.move(
            values, along: UnsafeBufferPointer(gradients), moments: &moments, ranges: ranges,
            rate: one.rate, step: step + 1)
          if one.scalesNoise {
            for range in ranges.map(\.weights) {
              Self.leaveOutNoise(in: gradients, range, from: &isCompared)
            }
          }
        }
      }
    }
    // Noise is rare.
    let (wanted, kept) = (reference.isCompared.count { $0 }, isCompared.count { $0 })
    #expect(kept >= wanted - wanted / 50)
    let errors = network.withValues { values in
      values.indices.filter { isCompared[$0] }.map {
        Self.error(values[$0], reference.parameters[$0])
      }
    }
    let strays = errors.count { !($0 <= reference.tolerance) }
    #expect(Double(strays) <= one.strays * Double(kept), "largest \(errors.max() ?? 0)")
    // Statistics follow the parameters in front of them, so that all of these have to be comparable.
    if let expected = reference.statistics, !reference.isCompared.contains(false) {
      let errors = network.withStatistics { zip($0, expected.scalars).map(Self.error) }
      #expect(errors.allSatisfy { $0 <= reference.tolerance }, "largest \(errors.max() ?? 0)")
    }
  }

  /// The difference up to a magnitude of 1, and relative to the reference beyond, as `Float` is precise.
  private static func error(_ found: Float, _ expected: Float) -> Float {
    abs(found - expected) / max(1, abs(expected))
  }

  /// Takes gradients that are nothing but rounding out of the comparison: sums of large terms that
  /// are 0 in the reference, some of them exactly, so that it does not leave them out itself.
  private static func leaveOutNoise(
    in gradients: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>,
    from isCompared: inout [Bool]
  ) {
    let largest = range.reduce(Float(0)) { max($0, abs(gradients[$1])) }
    for index in range where gradients[index] != 0 && abs(gradients[index]) < 1e-6 * largest {
      isCompared[index] = false
    }
  }
}

import Explanations
import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Measures

/// Measures against stored values of an independent computation in double precision, where the
/// shared folder is there.
@Suite(.enabled(if: SharedFolder.exists, "needs ../shared"))
struct GoldenMeasureTests {
  static let networks = [
    "plain", "residual", "fire", "mobile", "mix", "alex", "vggprep", "strided", "avgres",
  ]
  static let maps = ["saliency_signed", "ig_gausslegendre"]

  /// A network with stored pictures, maps and values.
  struct Reference {
    let folder: URL
    let model: CompiledNetwork
    let inputs: Tensor
    let targets: [Int]
    let values: [String: [Double]]

    init(_ name: String, _ engine: Engine) throws {
      folder = SharedFolder.file("golden/nets/\(name)")
      let network = try ModelFile.read(folder.appendingPathComponent("model.onnx").path).network
      model = CompiledNetwork(network, engine: engine)
      inputs = try NPY.read(folder.appendingPathComponent("input.npy").path)
      targets = try NPY.read(folder.appendingPathComponent("targets.npy").path).scalars
        .map { Int($0) }
      values = try JSONDecoder().decode(
        [String: [Double]].self,
        from: Data(contentsOf: folder.appendingPathComponent("metrics/values.json")))
    }

    func array(_ path: String) throws -> Tensor {
      try NPY.read(folder.appendingPathComponent("\(path).npy").path)
    }

    /// The stored map of a picture.
    func explanation(_ name: String, _ picture: Int) throws -> Explanation {
      let map = try array("attr/\(name)").item(picture)
      return Explanation(map: AttributionMap(map.reshaped(to: map.shape.item), sign: .signed))
    }

    func measured(_ name: String, _ picture: Int) throws -> MeasuredCase {
      MeasuredCase(
        Question(.synthetic(inputs.item(picture)), fact: targets[picture]),
        explanation: try explanation(name, picture), by: try MeasuredCases.explainer("gradient"),
        of: model)
    }

    /// The same from the normalised black pixel, so that black is zero.
    func measuredFromBlack(_ name: String, _ picture: Int) throws -> MeasuredCase {
      let black = try array("baseline_rgb")
      let network = try Network(
        input: "origin", inputShape: model.inputShape,
        nodes: [
          .init(
            model.network.input,
            try ScaleChannels(scale: Tensor(repeating: 1, shape: black.shape), shift: black),
            of: ["origin"])
        ] + model.network.nodes, logits: model.network.logits)
      let plane = inputs.shape[2] * inputs.shape[3]
      let input = inputs.item(picture)
      let moved = Tensor(
        input.scalars.enumerated().map { $1 - black[$0 / plane] }, shape: input.shape)
      return MeasuredCase(
        Question(.synthetic(moved), fact: targets[picture]),
        explanation: try explanation(name, picture), by: try MeasuredCases.explainer("gradient"),
        of: CompiledNetwork(network, engine: model.engine))
    }

    func value(_ name: String, _ picture: Int) throws -> Double {
      try #require(values[name])[picture]
    }
  }

  /// A root mean square of differences is off by no more than the differences are: 1e-4 of what was
  /// found, the tolerance of values.
  @Test(arguments: networks, Engine.available)
  func `infidelities equal the stored ones`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine)
    let stored = try reference.array("metrics/infidelity_perturbations")
    for map in Self.maps {
      for picture in 0..<2 {
        let measured = try reference.measured(map, picture)
        let perturbations = stored.item(picture)
        let count = stored.shape[1]
        let items = perturbations.reshaped(to: Shape(Array(stored.shape.extents.dropFirst())))
        let effects = measured.effects(on: .logit, count: count, key: "golden") { items.item($0) }
        let size = (effects.found.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
        let plain = try reference.value("infidelity/\(map)", picture)
        #expect(
          (effects.meanSquare().squareRoot() - plain.squareRoot()).magnitude < 1e-4 * size)
        let normalized = try reference.value("infidelity_normalized/\(map)", picture)
        let scale = try #require(effects.bestScale)
        #expect(
          (effects.meanSquare(scaledBy: scale).squareRoot() - normalized.squareRoot()).magnitude
            < 1e-4 * size)
      }
    }
  }

  @Test(arguments: networks, Engine.available)
  func `largest changes under noise equal the stored ones`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine)
    let stored = try reference.array("metrics/infidelity_perturbations")
    for (method, key) in [
      ("gradient", "saliency_signed"), ("input-x-gradient", "input_x_gradient"),
    ] {
      for picture in 0..<2 {
        let question = Question(
          .synthetic(reference.inputs.item(picture)), fact: reference.targets[picture])
        let measured = try MeasuredCases.explained(method, question, by: reference.model)
        let items = stored.item(picture).reshaped(
          to: Shape(Array(stored.shape.extents.dropFirst())))
        let found = try MaxSensitivity.largestChange(in: measured, samples: stored.shape[1]) {
          0.4 * items.item($0)
        }
        let expected = try reference.value("max_sensitivity/\(key)", picture)
        #expect(found.isNear(expected, within: 5e-4 * expected))
      }
    }
  }

  @Test(arguments: networks, Engine.available)
  func `curves along the stored orders equal the stored ones`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine)
    for map in Self.maps {
      let orders = try reference.array("metrics/order_\(map)")
      for picture in 0..<2 {
        let measured = try reference.measuredFromBlack(map, picture)
        let order = orders.item(picture).scalars.map { Int($0) }
        let black = Tensor(zeros: measured.input.shape)
        for (kind, start, end) in [
          ("deletion", measured.input, black), ("insertion", black, measured.input),
        ] {
          let curve = Exchange(from: start, to: end, order: order, steps: 32)
            .curve(of: .probability, in: measured)
          let stored = try reference.array("metrics/\(kind)_\(map)_curve").item(picture).scalars
          try #require(curve.count <= stored.count)
          let largest = Double(stored.map { $0.isNaN ? 0 : $0 }.max() ?? 0)
          for (found, expected) in zip(curve, stored) {
            #expect((found - Double(expected)).magnitude < 1e-4 * largest)
          }
          let area = try reference.value("\(kind)_auc/\(map)", picture)
          #expect((Exchange.area(under: curve) - area).magnitude < 1e-4 * largest)
        }
      }
    }
  }

  /// Stored maps are rounded to single precision, so positions that are equal to within it may change
  /// places, and so may equal ones, which are stored row by row. Where these are many, as in `fire`,
  /// whose maps are zero at half of the positions, areas do not compare.
  @Test(arguments: networks)
  func `ranking by magnitude finds the stored areas`(_ name: String) throws {
    let reference = try Reference(name, .preferred)
    for map in Self.maps {
      let orders = try reference.array("metrics/order_\(map)")
      for picture in 0..<2 {
        let measured = try reference.measuredFromBlack(map, picture)
        let stored = orders.item(picture).scalars.map { Int($0) }
        let order = measured.order(by: .magnitude)
        let strength = measured.explanation.map.magnitudes(of: measured.map.size).samples
        for (found, expected) in zip(order, stored) {
          #expect(
            (strength[found] - strength[expected]).magnitude <= 1e-6 * strength[expected].magnitude)
        }
        if name == "fire" { continue }
        let same = zip(order, stored).count { $0 == $1 }
        #expect(Double(same) > 0.98 * Double(order.count))
        var (deletion, insertion) = (Deletion(), Insertion())
        (deletion.baseline, deletion.ranking) = (.black, .magnitude)
        (insertion.baseline, insertion.ranking) = (.black, .magnitude)
        for (measure, kind) in [
          (deletion as any ExchangeMeasure, "deletion"), (insertion, "insertion"),
        ] {
          let area = try reference.value("\(kind)_auc/\(map)", picture)
          #expect(try measure.measure(measured).isNear(area, within: 1e-3 * area))
        }
      }
    }
  }
}

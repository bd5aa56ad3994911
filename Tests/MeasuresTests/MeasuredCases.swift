import Explanations
import Imaging
import Networks
import Tensors
import TestSupport

@testable import Measures

/// Cases to measure, made of little.
enum MeasuredCases {
  /// A linear score of a picture `[1, H, W]` with weights that fall along its rows.
  static func linear(width: Int = 8, height: Int = 8) throws -> (CompiledNetwork, [Float]) {
    let count = width * height
    let weights = (0..<count).map { Float($0 % width) - 2 }
    let network = try Network(
      input: "x", inputShape: [1, height, width],
      nodes: [
        .init("flat", Reshape(item: [count]), of: ["x"]),
        .init(
          "scores",
          try Dense(
            weights: Tensor(weights + [Float](repeating: 0, count: count), shape: [2, count]),
            transposed: true), of: ["flat"]),
      ], logits: "scores")
    return (CompiledNetwork(network), weights)
  }

  /// A map that was given rather than found, of a linear network.
  static func map(
    _ values: [Float], width: Int, boxes: [PixelRect] = [], mask: [Bool]? = nil
  ) throws -> MeasuredCase {
    let size = PixelSize(width: width, height: values.count / width)
    let (model, _) = try linear(width: width, height: size.height)
    var random = TestRandom(5)
    let input = random.tensor([1, 1, size.height, size.width], in: 0...1)
    let question = Question(.synthetic(input, seed: 3), fact: 0)
    let isSigned = values.contains { $0 < 0 }
    return MeasuredCase(
      question,
      explanation: Explanation(
        map: AttributionMap(
          Tensor(values, shape: [1, size.height, size.width]),
          sign: isSigned ? .signed : .magnitude)),
      by: try explainer("gradient"), of: model,
      truth: boxes.isEmpty && mask == nil
        ? nil : Truth(boxes: boxes, mask: mask.map { bitmap($0, size) }, placement: whole(size)))
  }

  /// What a method of either catalogue finds.
  static func explained(
    _ name: String, _ question: Question, by model: any Classifier,
    setting options: KeyValuePairs<String, String> = [:], truth: Truth? = nil,
    randomized: RandomizedNetworks? = nil
  ) throws -> MeasuredCase {
    let explainer = try explainer(name, MethodOptions(options))
    return MeasuredCase(
      question, explanation: try explainer.explain(question, using: model), by: explainer,
      of: model, truth: truth, randomized: randomized)
  }

  static func explainer(
    _ name: String, _ options: MethodOptions = MethodOptions()
  ) throws -> ConfiguredExplainer {
    guard let entry = ExplainerCatalog.entry(named: name) ?? ControlCatalog.entry(named: name)
    else { preconditionFailure("there is no \(name)") }
    return try entry.configured(options)
  }

  static func bitmap(_ mask: [Bool], _ size: PixelSize) -> Bitmap {
    Bitmap(size: size, layout: .gray, samples: mask.map { $0 ? 255 : 0 })
  }

  /// The input is the picture.
  static func whole(_ size: PixelSize) -> Placement {
    Placement(picture: size, scaled: size, window: size.bounds)
  }

  /// A question about the small network with everything in it, and where the object is said to be.
  static func mixed(seed: UInt64 = 7) throws -> (CompiledNetwork, Question, Truth) {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(21)
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let size = PixelSize(side: 16)
    let mask = (0..<256).map { (4..<10).contains($0 % 16) && (5..<12).contains($0 / 16) }
    return (
      model, Question(.synthetic(input, seed: seed), fact: 1),
      Truth(boxes: [], mask: bitmap(mask, size), placement: whole(size))
    )
  }
}

/// A classifier that takes another number of pictures at a time.
struct Rebatched: Classifier {
  let base: CompiledNetwork
  let batchLimit: Int
  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }
  var labels: [String] { base.labels }

  func logits(for batch: Tensor) -> Tensor { base.logits(for: batch) }
}

extension MeasuredValue {
  /// Whether there is a value within a distance of another.
  func isNear(_ other: Double, within distance: Double = 1e-6) -> Bool {
    value.map { ($0 - other).magnitude <= distance } ?? false
  }
}

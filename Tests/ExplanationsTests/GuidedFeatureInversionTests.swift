import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Guided feature inversion as a whole, in all profiles.
struct GuidedFeatureInversionTests {
  let model: CompiledNetwork
  let question: Question

  init() throws {
    model = CompiledNetwork(try SmallNetworks.mixed())
    question = try Self.question()
  }

  /// About a smooth picture, as photographs are.
  static func question(noise: Float = 0, foil: ClassIndex? = nil) throws -> Question {
    var random = TestRandom(31)
    let coarse = random.tensor([1, 3, 4, 4], in: 0...1)
    let enlargement = MaskEnlargement(rows: 4, columns: 4, height: 16, width: 16)
    var input = Tensor(
      (0..<3).flatMap { channel in
        enlargement(coarse.scalars[channel * 16..<channel * 16 + 16].map { Double($0) })
          .map { Float($0) }
      }, shape: [1, 3, 16, 16])
    input.add(random.tensor(input.shape), scaledBy: noise)
    return Question(.synthetic(input), fact: 1, foil: foil)
  }

  static func method(_ profile: InversionProfile) -> GuidedFeatureInversion {
    var method = GuidedFeatureInversion()
    method.profile = profile
    return method
  }

  @Test(arguments: InversionProfile.allCases)
  func `a mask lies in 0...1, and tells how it came about`(
    _ profile: InversionProfile
  ) throws {
    for basis in GuidedFeatureInversion.Basis.allCases {
      var method = Self.method(profile)
      (method.basis, method.cells) = (basis, 4)
      let explanation = try method.explain(question, using: model)
      let fine = profile == .authorsCode && basis == .channels
      #expect(explanation.map.values.shape == (fine ? [1, 16, 16] : [1, 4, 4]))
      #expect(explanation.map.values.scalars.allSatisfy { $0 >= 0 && $0 <= 1 })
      let series = explanation.diagnostics.series
      #expect(series["inversionLoss"]?.isEmpty == false)
      #expect(series["loss"]?.isEmpty == false || explanation.status == .maskCollapsed)
      #expect(explanation.status != .maskCollapsed || profile != .tidemark)
      #expect(explanation.diagnostics.notes["maskLayer"] != nil)
      #expect(explanation == (try method.explain(question, using: model)))
    }
  }

  @Test(arguments: [nil, 4]) func `the losses of our profile fall`(_ foil: ClassIndex?) throws {
    var method = Self.method(.tidemark)
    // A small picture is nearly its own blur, and gains less than it costs to leave the start.
    (method.background, method.anchor) = (BaselineMixture(.black), 0)
    let explanation = try method.explain(try Self.question(foil: foil), using: model)
    for name in ["inversionLoss", "loss"] {
      let losses = try #require(explanation.diagnostics.series[name])
      #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 >= $1 })
      #expect(try #require(losses.last) < (try #require(losses.first)))
    }
  }

  @Test func `our masks hardly change with noise that nobody sees`() throws {
    let masks = try [Float(0), 1e-3].map {
      try Self.method(.tidemark).explain(try Self.question(noise: $0), using: model).map.values
    }
    #expect(Self.correlation(masks[0], masks[1]) > 0.95)
  }

  private static func correlation(_ a: Tensor, _ b: Tensor) -> Double {
    let means = [a, b].map { Float($0.sum / Double($0.count)) }
    let (a, b) = (a.map { $0 - means[0] }, b.map { $0 - means[1] })
    return a.dot(b) / (a.dot(a) * b.dot(b)).squareRoot()
  }

  @Test(.enabled(if: SharedFolder.exists))
  func `our masks of a photograph hardly change with noise that nobody sees`() throws {
    let network = try ModelFile.read(SharedFolder.file("models/squeezenet1.1.onnx").path).network
    let model = CompiledNetwork(try network.reading(.caffe))
    let crop = try NPY.read(
      SharedFolder.file("golden/pretrained/squeezenet1.1/crop_rgb8.npy").path
    ).scalars
    let plane = 224 * 224
    let values = (0..<3).flatMap { channel in
      (0..<plane).map { place in crop[place * 3 + channel] / 255 }
    }
    let photograph = Tensor(values, shape: [1, 3, 224, 224])
    var random = TestRandom(77)
    let classes = model.prediction(for: photograph).ranking(2)
    for fact in classes {
      let masks = try [Float(0), 1e-3, 1e-3].map { strength in
        var input = photograph
        input.add(random.tensor(input.shape), scaledBy: strength)
        return try GuidedFeatureInversion().explain(
          Question(.synthetic(input), fact: fact), using: model
        ).map.values
      }
      for noisy in masks.dropFirst() { #expect(Self.correlation(masks[0], noisy) > 0.95) }
    }
  }

  @Test func `the published numbers of steps are taken`() throws {
    for (profile, inversion) in [(InversionProfile.paper, 10), (.authorsCode, 11)] {
      var method = Self.method(profile)
      (method.inversionPenalty, method.penalty) = (.set(0), .set(0))
      let series = try method.explain(question, using: model).diagnostics.series
      #expect(series["inversionLoss"]?.count == inversion)
      #expect(series["loss"]?.count == 80 - inversion)
    }
  }

  /// With one channel the data have no say, and the penalty takes the weight to zero.
  @Test func `a mask that collapses is the last one before, and says so`() throws {
    var random = TestRandom(6)
    let network = CompiledNetwork(
      try SmallNetworks.around(
        try Convolution2D(
          weights: random.tensor([1, 1, 3, 3]), window: SmallNetworks.window(3, before: 1)),
        input: [1, 4, 4]))
    let single = Question(.synthetic(random.tensor([1, 1, 4, 4], in: 0...1)), fact: 3)
    let collapsed = try Self.method(.paper).explain(single, using: network)
    #expect(collapsed.status == .maskCollapsed)
    #expect(collapsed.map.values.largestMagnitude == 1)
    let ours = try Self.method(.tidemark).explain(single, using: network)
    #expect(ours.status != .maskCollapsed)
    #expect(relativeError(ours.map.values, collapsed.map.values) < 1e-6)
  }

  @Test func `a class without probability, and a background that shows the class, are told`()
    throws
  {
    var random = TestRandom(8)
    let convolution = try Convolution2D(
      weights: random.tensor([2, 1, 3, 3], in: 0...1), window: SmallNetworks.window(3, before: 1))
    func network(_ bias: Float) throws -> CompiledNetwork {
      CompiledNetwork(
        try Network(
          input: "x", inputShape: [1, 6, 6],
          nodes: [
            .init("features", convolution, of: ["x"]),
            .init("pooled", GlobalAveragePool(), of: ["features"]),
            .init("flat", Reshape(item: [2]), of: ["pooled"]),
            .init(
              "scores",
              try Dense(
                weights: Tensor([0.1, -0.1, 0, 0.1, 0, 0.1], shape: [3, 2]),
                bias: Tensor([bias, 0, 0], shape: [3]), transposed: true), of: ["flat"]),
          ], logits: "scores"))
    }
    let question = Question(.synthetic(random.tensor([1, 1, 6, 6], in: 0...1)), fact: 0)
    for profile in InversionProfile.allCases {
      var method = Self.method(profile)
      (method.inversionPenalty, method.penalty) = (.set(0), .set(0))
      guard
        case .vanishingTarget(let low) = try method.explain(question, using: network(-30)).status
      else {
        Issue.record("\(profile): a class of no probability")
        continue
      }
      #expect(low < 1e-10)
      guard
        case .backgroundShowsClass(let high) = try method.explain(question, using: network(3))
          .status
      else {
        Issue.record("\(profile): a background of the class")
        continue
      }
      #expect(high > 0.5)
    }
  }

  @Test func `backgrounds are averaged, and layers named`() throws {
    var method = Self.method(.tidemark)
    method.background = BaselineMixture(.blur, .mean, .noise)
    (method.inversionLayer, method.maskLayer) = (.named("pool1"), .named("relu1"))
    let explanation = try method.explain(question, using: model)
    #expect(explanation.map.values.largestMagnitude == 1)
    #expect(explanation.diagnostics.notes["inversionLayer"] == "pool1")
    #expect(explanation.diagnostics.notes["maskLayer"] == "relu1")
    #expect(explanation.diagnostics.forwardPasses % 3 == 2)
    method.maskLayer = .named("flat")
    #expect(throws: ExplainerError.self) { try method.explain(question, using: model) }
  }

  @Test func `numbers of a profile can be set, and go back to auto`() throws {
    let entry = try #require(ExplainerCatalog.entry(named: "guided-feature-inversion"))
    var options = MethodOptions(["steps": "3", "profile": "paper"])
    #expect(throws: Never.self) { try entry.configured(options) }
    options.set("steps", to: "auto")
    #expect(throws: Never.self) { try entry.configured(options) }
    for (key, value) in [
      ("steps", "many"), ("steps", "0.5"), ("steps", "-1"), ("profile", "mine"), ("area", "0"),
      ("rate", "0"), ("cells", "1"), ("channels", "65"), ("trace", "maybe"), ("tolerance", "-1"),
      ("background", "gray"),
    ] {
      var options = MethodOptions()
      options.set(key, to: value)
      #expect(throws: ExplainerError.self, "\(key) \(value)") { try entry.configured(options) }
    }
  }
}

extension Explanation {
  fileprivate static func == (a: Explanation, b: Explanation) -> Bool {
    a.map == b.map && a.diagnostics == b.diagnostics && a.status == b.status
  }
}

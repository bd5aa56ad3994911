import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Methods against stored values of PyTorch, Captum and pytorch-grad-cam, on every stored network.
extension ReferenceMethodTests {
  /// The layer of each network whose maps the references weigh.
  static let activationLayers: [String: LayerName] = [
    "plain": "relu3", "residual": "relu7", "fire": "concat2", "mobile": "hardswish2",
    "mix": "prelu1", "alex": "relu3", "vggprep": "relu4", "strided": "relu2", "avgres": "relu5",
  ]
  static let everyNetwork = activationLayers.keys.sorted()

  @Test(arguments: everyNetwork, Engine.available)
  func `every gradient and Grad-CAM's raw map equal the stored ones`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine: engine)
    let (slopes, largest, raw) = (
      try reference.map("saliency_signed"), try reference.map("saliency_absmax"),
      try reference.map("gradcam_raw")
    )
    var method = GradCAM()
    method.layer = .named(try #require(Self.activationLayers[name]))
    for picture in 0..<2 {
      let question = reference.question(picture)
      let map = try Gradient().explain(question, using: reference.model).map.values
      #expect(relativeError(map, slopes.item(picture)) < 1e-4)
      let plane = map.count / map.shape[0]
      let strongest = (0..<plane).map { place in
        (0..<map.shape[0]).map { map[$0 * plane + place].magnitude }.max() ?? 0
      }
      let stored = largest.item(picture)
      #expect(relativeError(Tensor(strongest, shape: stored.shape), stored) < 1e-4)
      let coarse = try method.explain(question, using: reference.model).map.values
      let expected = raw.item(picture)
      if expected.largestMagnitude == 0 {
        #expect(coarse.largestMagnitude == 0)
      } else {
        #expect(relativeError(coarse, expected) < 5e-4)
      }
    }
  }

  /// At the stored points and weights. Where a rectifier or a maximum sits on its kink at one of 32
  /// points, single precision may fall on the other side; so a few positions may be off.
  ///
  /// Values of the trapezoid rule are stored, too. They begin at the black picture itself, where all of
  /// a window's values are equal and rounding chooses the largest; nothing can be held against them.
  @Test(arguments: everyNetwork, Engine.available)
  func `sums along a path equal the stored ones but at kinks`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine: engine)
    let plane = reference.inputs.shape[2] * reference.inputs.shape[3]
    let (expected, places, weights) = (
      try reference.map("ig_gausslegendre"), try reference.map("ig_gausslegendre_alphas"),
      try reference.map("ig_gausslegendre_weights")
    )
    for picture in 0..<2 {
      let input = reference.inputs.item(picture)
      let start = Tensor(
        (0..<input.count).map { reference.black[$0 / plane % reference.black.count] },
        shape: input.shape)
      let sum = reference.model.gradientSum(
        of: .logit(reference.targets[picture]), from: start, to: input,
        at: places.scalars.map { Double($0) }, weights: weights.scalars.map { Double($0) })
      let stored = expected.item(picture)
      let difference = ((input - start) * sum).reshaped(to: stored.shape) - stored
      let limit = 5e-4 * stored.largestMagnitude
      let beyond = difference.scalars.count { $0.magnitude > limit }
      #expect(Double(beyond) <= 0.03 * Double(stored.count))
      // One kink moves a position by no more than a 32nd of the slopes that it joins.
      #expect(difference.largestMagnitude <= stored.largestMagnitude / 32)
    }
  }

  /// Everything that is stored of a network trained by others. It takes BGR of 0...255 less a mean, so
  /// that its input is no picture; stored maps are summed over channels.
  @Test(arguments: Engine.available)
  func `maps of SqueezeNet equal the stored ones`(_ engine: Engine) throws {
    let folder = SharedFolder.file("golden/pretrained/squeezenet1.1")
    func stored(_ name: String) throws -> Tensor {
      try Reference.array(folder.appendingPathComponent("attr/\(name).npy"))
    }
    let file = SharedFolder.file("models/squeezenet1.1.onnx")
    let network = try ModelFile.read(file.path).network
    let crop = try Reference.array(folder.appendingPathComponent("crop_rgb8.npy")).scalars
    let plane = 224 * 224
    let mean: [Float] = [104, 117, 123]
    // Seen from black, which is what the stored perturbations compare with; and from the mean.
    let bytes = (0..<3 * plane).map { crop[$0 % plane * 3 + 2 - $0 / plane] }
    let fromBlack = Tensor(bytes, shape: [1, 3, 224, 224])
    let fromMean = Tensor(
      bytes.enumerated().map { $1 - mean[$0 / plane] }, shape: [1, 3, 224, 224])
    let fact = Int(
      try Reference.array(folder.appendingPathComponent("targets.npy"))[0])
    let whole = CompiledNetwork(network, engine: engine)
    let shifted = CompiledNetwork(
      try Network(shifting: network, by: Tensor(mean.map { -$0 }, shape: [3])), engine: engine)
    let (atMean, atBlack) = (
      Question(.synthetic(fromMean), fact: fact), Question(.synthetic(fromBlack), fact: fact)
    )
    func expect(_ map: AttributionMap, _ name: String, within limit: Float) throws {
      let expected = try stored(name)
      let found = Tensor(map.image.samples, shape: expected.shape)
      #expect(relativeError(found, expected) < limit, "\(name)")
    }
    try expect(Gradient().explain(atMean, using: whole).map, "saliency_signed", within: 1e-3)
    try expect(
      InputTimesGradient().explain(atMean, using: whole).map, "input_x_gradient", within: 1e-3)
    var paths = IntegratedGradients()
    (paths.steps, paths.maximumSteps) = (32, 32)
    // A few positions see a rectifier or a maximum on its kink at a point of the path. PyTorch's own run in
    // single precision is off by 7e-3 at most, and by more than 1e-3 at one position of a thousand.
    let along = try paths.explain(atBlack, using: shifted).map
    try expect(along, "ig_gausslegendre", within: 2e-2)
    let storedPath = try stored("ig_gausslegendre")
    let difference = Tensor(along.image.samples, shape: storedPath.shape) - storedPath
    let limit = 1e-3 * storedPath.largestMagnitude
    #expect(difference.scalars.count { $0.magnitude > limit } < storedPath.count / 200)

    let noise = try stored("smoothgrad_noise")
    var sums = PowerSums([3, 224, 224])
    sums.addGradients(of: .logit(fact), using: whole, at: 0..<noise.batch) {
      fromMean + noise.item($0).reshaped(to: fromMean.shape)
    }
    try expect(AttributionMap(sums.mean, sign: .signed), "smoothgrad", within: 1e-3)

    let methods: [(String, any CAM)] = [
      ("gradcam", GradCAM()), ("gradcam_pp", GradCAMPlusPlus()), ("layercam", LayerCAM()),
    ]
    for (name, plain) in methods {
      var method = plain
      method.layer = .named("fire9/concat_1")
      let map = try method.explain(atMean, using: whole).map.values
      if name == "gradcam" {
        #expect(relativeError(map, try stored("gradcam_raw")) < 1e-3)
      }
      let found = map.stretched.resized(height: 224, width: 224).stretched
      let expected = try stored(name)
      #expect((found.reshaped(to: expected.shape) - expected).largestMagnitude < 2e-3, "\(name)")
    }
    var occlusion = Occlusion()
    (occlusion.window, occlusion.stride, occlusion.baseline) = (56, 28, .black)
    try expect(occlusion.explain(atBlack, using: shifted).map, "occlusion", within: 1e-3)
    var ablation = FeatureAblation()
    ablation.baseline = .black
    let regions = Regions(try stored("superpixels"))
    try expect(
      ablation.explain(atBlack, using: shifted, by: regions).map, "feature_ablation", within: 1e-3)
  }

  @Test(arguments: everyNetwork, Engine.available)
  func `input times gradient equals the stored one`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("input_x_gradient")
    for picture in 0..<2 {
      let map = try InputTimesGradient().explain(
        reference.question(picture), using: reference.model
      ).map
      #expect(relativeError(map.values, expected.item(picture)) < 1e-4)
    }
  }

  @Test(arguments: everyNetwork, Engine.available)
  func `moments of gradients at stored noise equal the stored ones`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine: engine)
    let noise = try reference.map("smoothgrad_noise")
    let (mean, square, variance) = (
      try reference.map("smoothgrad"), try reference.map("smoothgrad_sq"),
      try reference.map("vargrad")
    )
    for picture in 0..<2 {
      let input = reference.inputs.item(picture)
      var sums = PowerSums(input.shape.item)
      sums.addGradients(
        of: .logit(reference.targets[picture]), using: reference.model, at: 0..<noise.batch
      ) { input + noise.item($0).reshaped(to: Shape([2] + input.shape.item.extents)).item(picture) }
      #expect(relativeError(sums.mean, mean.item(picture)) < 5e-4)
      #expect(relativeError(sums.meanSquare, square.item(picture)) < 5e-4)
      #expect(relativeError(sums.variance, variance.item(picture)) < 5e-4)
    }
  }

  /// Names of stored maps, and the methods that make them.
  static let activationMethods: [(name: String, method: any CAM)] = [
    ("gradcam", GradCAM()), ("gradcam_pp", GradCAMPlusPlus()), ("layercam", LayerCAM()),
    ("hirescam", HiResCAM()), ("xgradcam", XGradCAM()), ("scorecam", ScoreCAM()),
  ]

  @Test(arguments: everyNetwork, activationMethods.indices)
  func `class activation maps equal the stored ones`(_ name: String, _ index: Int) throws {
    let (file, plain) = Self.activationMethods[index]
    var method = plain
    method.layer = .named(try #require(Self.activationLayers[name]))
    for engine in Engine.available {
      let reference = try Reference(name, engine: engine)
      let expected = try reference.map(file)
      let input = reference.model.inputShape
      for picture in 0..<2 {
        let map = try method.explain(reference.question(picture), using: reference.model).map
        let found = map.values.stretched.resized(height: input[1], width: input[2]).stretched
        let stored = expected.item(picture)
        #expect((found.reshaped(to: stored.shape) - stored).largestMagnitude < 2e-3)
      }
    }
  }

  @Test(arguments: everyNetwork, Engine.available)
  func `occlusion equals the stored one`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("occlusion")
    let (model, inputs) = try reference.fromBlack(on: engine)
    var method = Occlusion()
    (method.window, method.stride, method.baseline) = (8, 4, .black)
    for picture in 0..<2 {
      let question = Question(.synthetic(inputs.item(picture)), fact: reference.targets[picture])
      let map = try method.explain(question, using: model).map
      #expect(relativeError(map.values, expected.item(picture)) < 5e-4)
    }
  }

  @Test(arguments: everyNetwork, Engine.available)
  func `feature ablation equals the stored one`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("feature_ablation")
    let regions = try reference.map("superpixels")
    let (model, inputs) = try reference.fromBlack(on: engine)
    var method = FeatureAblation()
    method.baseline = .black
    for picture in 0..<2 {
      let question = Question(.synthetic(inputs.item(picture)), fact: reference.targets[picture])
      let map = method.explain(question, using: model, by: Regions(regions.item(picture))).map
      #expect(relativeError(map.values, expected.item(picture)) < 5e-4)
    }
  }

  @Test(arguments: everyNetwork, Engine.available)
  func `exact Shapley values are reproduced, and approached by samples`(
    _ name: String, _ engine: Engine
  ) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("shapley_exact")
    let cells = try reference.map("shapley_cells")
    let regions = Regions(cells.reshaped(to: Shape([1] + cells.shape.extents)))
    let (model, inputs) = try reference.fromBlack(on: engine)
    for picture in 0..<2 {
      let question = Question(.synthetic(inputs.item(picture)), fact: reference.targets[picture])
      let stored = expected.item(picture).scalars
      let largest = expected.item(picture).largestMagnitude
      var method = KernelSHAP()
      method.baseline = .black
      let exact = try method.explain(question, using: model, by: regions)
      #expect(exact.standardError == nil)
      method.samples = 256
      let sampled = try method.explain(question, using: model, by: regions)
      let errors = try #require(sampled.standardError)
      for (position, cell) in cells.scalars.enumerated() {
        let value = stored[Int(cell)]
        #expect((exact.map.values[position] - value).magnitude < 1e-3 * largest)
        // Five standard errors, and rounding.
        #expect(
          (sampled.map.values[position] - value).magnitude
            < 5 * errors.values[position] + 1e-3 * largest)
      }
    }
  }
}

/// Methods that look at a layer of choice.
protocol CAM: Explainer<any DifferentiableClassifier> {
  var layer: LayerChoice { get set }
}
extension GradCAM: CAM {}
extension GradCAMPlusPlus: CAM {}
extension LayerCAM: CAM {}
extension HiResCAM: CAM {}
extension XGradCAM: CAM {}
extension ScoreCAM: CAM {}

extension ReferenceMethodTests.Reference {
  /// The network and its inputs seen from the normalised black pixel, which the stored perturbations
  /// use as their baseline.
  func fromBlack(on engine: Engine) throws -> (CompiledNetwork, Tensor) {
    let network = try Network(shifting: model.network, by: black)
    let plane = inputs.shape[2] * inputs.shape[3]
    let moved = Tensor(
      inputs.scalars.enumerated().map { $1 - black[$0 / plane % black.count] },
      shape: inputs.shape)
    return (CompiledNetwork(network, engine: engine), moved)
  }
}

extension Regions {
  /// Stored labels `[1, H, W]`, which count from 0 and leave none out.
  init(_ labels: Tensor) {
    self.init(
      labels: labels.scalars.map { Int($0) }, width: labels.shape[2], height: labels.shape[1])
  }
}

extension Tensor {
  /// What pytorch-grad-cam does before and after it resizes a map: least value 0, largest 1.
  fileprivate var stretched: Tensor {
    let (low, high) = withScalars { ($0.min() ?? 0, $0.max() ?? 0) }
    return map { ($0 - low) / (1e-7 + high - low) }
  }

  /// `[1, h, w]` at another size, linearly between the centres of positions.
  fileprivate func resized(height: Int, width: Int) -> Tensor {
    func axis(_ from: Int, _ to: Int) -> [(Int, Int, Float)] {
      (0..<to).map {
        let place = max((Float($0) + 0.5) * Float(from) / Float(to) - 0.5, 0)
        let first = min(Int(place), from - 1)
        return (first, min(first + 1, from - 1), min(place - Float(first), 1))
      }
    }
    let (rows, columns) = (axis(shape[1], height), axis(shape[2], width))
    let (values, across) = (scalars, shape[2])
    return Tensor(
      rows.flatMap { upper, lower, down in
        columns.map { left, right, part in
          let above =
            values[upper * across + left] * (1 - part)
            + values[upper * across + right] * part
          let below =
            values[lower * across + left] * (1 - part)
            + values[lower * across + right] * part
          return above * (1 - down) + below * down
        }
      }, shape: [1, height, width])
  }
}

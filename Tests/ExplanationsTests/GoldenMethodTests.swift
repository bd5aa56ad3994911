import Explanations
import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Methods on a small network against PyTorch and Captum; `Golden/README.md` tells what made the values.
struct GoldenMethodTests {
  let model: CompiledNetwork
  let inputs: Tensor
  static let facts = [1, 3]
  static let foils = [0, 4]

  init() throws {
    model = CompiledNetwork(try ModelFile.read(Self.path("model.onnx")).network)
    inputs = try NPY.read(Self.path("input.npy"))
  }

  static func path(_ name: String) throws -> String {
    try #require(
      Bundle.module.url(forResource: "Golden", withExtension: nil)?
        .appendingPathComponent("small/\(name)").path)
  }

  /// A method's maps of both pictures.
  private func maps(
    _ method: some Explainer<any DifferentiableClassifier>, on engine: Engine,
    contrasting: Bool = false
  ) throws -> Tensor {
    let model = CompiledNetwork(model.network, engine: engine)
    return .concatenating(
      try (0..<2).map { picture in
        let question = Question(
          .synthetic(inputs.item(picture)), fact: Self.facts[picture],
          foil: contrasting ? Self.foils[picture] : nil)
        let values = try method.explain(question, using: model).map.values
        return values.reshaped(to: Shape([1] + values.shape.extents))
      })
  }

  @Test(arguments: Engine.available)
  func `logits`(_ engine: Engine) throws {
    let found = CompiledNetwork(model.network, engine: engine).logits(for: inputs)
    #expect(relativeError(found, try NPY.read(Self.path("logits.npy"))) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `gradient of a logit`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("gradient.npy"))
    #expect(relativeError(try maps(Gradient(), on: engine), expected) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `gradient of a margin`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("margin_gradient.npy"))
    let found = try maps(Gradient(), on: engine, contrasting: true)
    #expect(relativeError(found, expected) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `integrated gradients`(_ engine: Engine) throws {
    var method = IntegratedGradients()
    method.steps = 32
    method.maximumSteps = 32
    let expected = try NPY.read(Self.path("integrated_gradients.npy"))
    // A path point next to a kink may fall on its other side in single precision.
    #expect(relativeError(try maps(method, on: engine), expected) < 5e-4)
  }

  @Test(arguments: Engine.available)
  func `Grad-CAM`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("grad_cam.npy"))
    let found = try maps(GradCAM(), on: engine)
    #expect(relativeError(found.reshaped(to: expected.shape), expected) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `guided gradient`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("guided_backprop.npy"))
    #expect(relativeError(try maps(GuidedBackprop(), on: engine), expected) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `guided Grad-CAM`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("guided_grad_cam.npy"))
    #expect(relativeError(try maps(GuidedGradCAM(), on: engine), expected) < 1e-5)
  }

  @Test(arguments: Engine.available)
  func `DeepLIFT`(_ engine: Engine) throws {
    let expected = try NPY.read(Self.path("deep_lift.npy"))
    #expect(relativeError(try maps(DeepLift(), on: engine), expected) < 1e-4)
  }
}

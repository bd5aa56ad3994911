import Explanations
import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Methods that change the way back, against stored values of PyTorch and Captum.
extension ReferenceMethodTests {
  static let guidedNetworks = [
    "plain", "residual", "fire", "alex", "vggprep", "strided", "avgres",
  ]

  @Test(arguments: guidedNetworks, Engine.available)
  func `guided gradients equal the stored ones`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("guided_backprop")
    for picture in 0..<2 {
      let map = try GuidedBackprop().explain(reference.question(picture), using: reference.model)
        .map
      #expect(relativeError(map.values, expected.item(picture)) < 1e-4)
    }
  }

  /// At the layers that the references name, which need not be those that are chosen by themselves.
  @Test(arguments: guidedNetworks, Engine.available)
  func `guided Grad-CAM equals the stored one`(_ name: String, _ engine: Engine) throws {
    let layers = [
      "plain": "relu3", "residual": "relu7", "fire": "concat2", "alex": "relu3",
      "vggprep": "relu4", "strided": "relu2", "avgres": "relu5",
    ]
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("guided_gradcam")
    var method = GuidedGradCAM()
    method.layer = .named(LayerName(try #require(layers[name])))
    for picture in 0..<2 {
      let map = try method.explain(reference.question(picture), using: reference.model).map
      let stored = expected.item(picture)
      // Where Grad-CAM finds nothing, both are zero to the last bit.
      if stored.largestMagnitude == 0 {
        #expect(map.values.largestMagnitude == 0)
      } else {
        #expect(relativeError(map.values, stored) < 5e-4)
      }
    }
  }

  /// The stored map is summed over channels, and of the network's own input: BGR less a mean.
  @Test(arguments: Engine.available)
  func `the guided gradient of SqueezeNet equals the stored one`(_ engine: Engine) throws {
    let folder = SharedFolder.file("golden/pretrained/squeezenet1.1")
    let file = SharedFolder.file("models/squeezenet1.1.onnx")
    let model = CompiledNetwork(try ModelFile.read(file.path).network, engine: engine)
    let crop = try Reference.array(folder.appendingPathComponent("crop_rgb8.npy")).scalars
    let plane = 224 * 224
    let input = (0..<3 * plane).map { index in
      crop[index % plane * 3 + 2 - index / plane] - [104, 117, 123][index / plane]
    }
    let fact = try Reference.array(folder.appendingPathComponent("targets.npy"))[0]
    let question = Question(
      .synthetic(Tensor(input, shape: [1, 3, 224, 224])), fact: Int(fact))
    let map = try GuidedBackprop().explain(question, using: model).map
    let found = Tensor(map.image.samples, shape: [1, 224, 224])
    let expected = try Reference.array(folder.appendingPathComponent("attr/guided_backprop.npy"))
    #expect(relativeError(found, expected) < 1e-3)
  }

  /// The stored maps start from the normalised black pixel; the network is moved there so that it
  /// starts at zero, as ours does.
  @Test(arguments: ["strided", "avgres"], Engine.available)
  func `DeepLIFT equals the stored one`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let expected = try reference.map("deeplift_rescale")
    let shifted = try Network(shifting: reference.model.network, by: reference.black)
    let model = CompiledNetwork(shifted, engine: engine)
    for picture in 0..<2 {
      let question = reference.questionFromBlack(picture)
      let explanation = try DeepLift().explain(question, using: model)
      #expect(relativeError(explanation.map.values, expected.item(picture)) < 1e-4)
      #expect(explanation.status == .complete)
      #expect((explanation.diagnostics.values["completenessGap"] ?? 1) < 1e-4)
    }
  }

  @Test(
    arguments: ["plain", "residual", "fire", "mobile", "mix", "alex", "vggprep"], Engine.available)
  func `DeepLIFT is complete where nothing is stored`(_ name: String, _ engine: Engine) throws {
    let reference = try Reference(name, engine: engine)
    let shifted = try Network(shifting: reference.model.network, by: reference.black)
    let model = CompiledNetwork(shifted, engine: engine)
    for picture in 0..<4 {
      let explanation = try DeepLift().explain(
        reference.questionFromBlack(picture), using: model)
      #expect((explanation.diagnostics.values["completenessGap"] ?? 1) < 1e-4)
    }
  }
}

extension ReferenceMethodTests.Reference {
  /// A question about a picture as a network sees it that was moved to start from black.
  fileprivate func questionFromBlack(_ picture: Int) -> Question {
    let input = inputs.item(picture)
    let plane = input.count / black.count
    let moved = input.scalars.enumerated().map { $1 - black[$0 / plane] }
    return Question(
      .synthetic(Tensor(moved, shape: input.shape)), fact: targets[picture])
  }
}

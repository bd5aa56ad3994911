import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct ModelReferenceTests {
  static let models = [
    "cifar10_cnn_a_adv", "cifar10_resnet20", "cifar10_resnet2b_adv", "mnist_cnn_a_adv",
    "mnist_cntk", "mnist_conv_small", "mobilenetv1_0.5_160", "mobilenetv2_torchvision",
    "squeezenet1.1",
  ]

  /// Sums of up to a few thousand products in another order than the reference's.
  static let tolerance: Float = 1e-4

  @Test(
    .enabled(if: SharedFolder.exists, "needs ../shared/models"), arguments: models, Engine.available
  )
  func `a trained network reproduces its reference output`(
    model: String, engine: Engine
  ) throws {
    let file = try ModelFile.read(SharedFolder.file("models/\(model).onnx").path)
    let input = try NPY.read(SharedFolder.file("models/reference/\(model)_input.npy").path)
    let expected = try NPY.read(SharedFolder.file("models/reference/\(model)_output.npy").path)
    let network = CompiledNetwork(file.network, engine: engine)
    let logits = network.logits(for: input)
    // Where the file ends in a softmax, so does the reference.
    let endsInSoftmax = file.notes.contains {
      if case .softmaxPeeled = $0 { true } else { false }
    }
    let found =
      endsInSoftmax
      ? Tensor(Prediction(logits: logits.scalars).probabilities, shape: logits.shape) : logits
    #expect(relativeError(found, expected) < Self.tolerance)
    #expect(file.network.isBatchable)
  }

  @Test(
    .enabled(if: SharedFolder.exists, "needs ../shared/golden"),
    arguments: [
      "plain", "residual", "fire", "vggprep", "avgres", "strided", "alex", "mobile", "mix",
    ],
    Engine.available)
  func `values and gradients at any layer agree with golden ones`(
    net: String, engine: Engine
  ) throws {
    let folder = SharedFolder.file("golden/nets/\(net)").path
    func golden(_ name: String) throws -> Tensor { try NPY.read("\(folder)/\(name).npy") }
    let file = try ModelFile.read("\(folder)/model.onnx")
    let network = CompiledNetwork(file.network, engine: engine)
    let (input, logits) = (try golden("input"), try golden("logits"))
    let targets = try golden("targets").scalars.map { Int($0) }
    let layers = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
      name.hasPrefix("act_") ? LayerName(String(name.dropFirst(4).dropLast(4))) : nil
    }
    #expect(layers.count >= 3)

    let request = TraceRequest(
      reading: Set(layers).union([.logits]), seeding: [.logits],
      gradients: Set(layers).union([.input]))
    let trace = network.trace(input, for: request)
    #expect(relativeError(trace[.logits], logits) < Self.tolerance)
    var seed = Tensor(zeros: logits.shape)
    for (item, target) in targets.enumerated() { seed[item * logits.shape[1] + target] = 1 }
    let gradients = trace.gradients(seeding: [.logits: seed])
    #expect(
      relativeError(try #require(gradients[.input]), try golden("grad_input")) < Self.tolerance)
    for layer in layers {
      let value = trace[layer].items(0..<2)
      let gradient = try #require(gradients[layer]).items(0..<2)
      #expect(relativeError(value, try golden("act_\(layer)")) < Self.tolerance, "\(layer)")
      #expect(relativeError(gradient, try golden("gradact_\(layer)")) < Self.tolerance, "\(layer)")
    }
  }
}

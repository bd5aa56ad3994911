import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct ModelGoldenTests {
  static let folder = Bundle.module.resourceURL?.appending(path: "Golden/onnx").path ?? ""

  static let cases = [
    "arithmetic", "average_pools", "axes", "borders", "convolutions", "dense_forms", "lines",
    "max_pools", "new_inputs", "normalized", "old_attributes", "resized", "shuffled", "traced",
    "transposed_convolutions", "upsampled",
  ]

  @Test(arguments: cases, Engine.available)
  func `scores and their gradient agree with PyTorch and ONNX Runtime`(
    name: String, engine: Engine
  ) throws {
    func golden(_ part: String) throws -> Tensor {
      try NPY.read("\(Self.folder)/\(name).\(part).npy")
    }
    let file = try ModelFile.read("\(Self.folder)/\(name).onnx")
    let network = CompiledNetwork(file.network, engine: engine)
    let (input, scores) = (try golden("input"), try golden("scores"))
    let weights = Tensor(
      (1...file.network.classCount).map { Float($0) }, shape: [1, scores.shape[1]])
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    let trace = network.trace(input, for: request)
    // A few hundred roundings of Float between values of one magnitude.
    #expect(relativeError(trace[.logits], scores) < 1e-5)
    let gradient = trace.gradient(seeding: [.logits: weights.repeated(input.batch)])
    #expect(relativeError(gradient, try golden("gradient")) < 1e-5)
  }

  @Test func `every stored model is tested`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(files.filter { $0.hasSuffix(".onnx") }.sorted() == Self.cases.map { "\($0).onnx" })
  }

  @Test func `a batch that the file fixes is generalised and said so`() throws {
    let normalized = try ModelFile.read("\(Self.folder)/normalized.onnx")
    #expect(normalized.notes == [.softmaxPeeled("softmax3"), .batchGeneralized(3)])
    #expect(normalized.network.isBatchable)
    let traced = try ModelFile.read("\(Self.folder)/traced.onnx")
    #expect(traced.notes == [.batchGeneralized(1)])
    #expect(traced.network.isBatchable)
  }
}

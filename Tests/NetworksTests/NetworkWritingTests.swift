import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

@Suite struct NetworkWritingTests {
  /// A file's network again, and both networks' scores for one input.
  func reread(_ network: Network) throws -> (network: Network, found: Tensor, expected: Tensor) {
    let again = try ModelFile(onnx: try network.onnx()).network
    var random = TestRandom(4)
    let input = random.tensor(
      Shape([network.isBatchable ? 2 : 1] + network.inputShape.extents), in: 0...1)
    func scores(_ network: Network) -> Tensor {
      CompiledNetwork(network, engine: .portable).logits(for: input)
    }
    return (again, scores(again), scores(network))
  }

  @Test(arguments: LayerGradientTests.cases.filter { $0.input.rank == 3 })
  func `every layer comes back from a file`(_ subject: LayerGradientTests.Case) throws {
    let network = try subject.network()
    let (again, found, expected) = try reread(network)
    // A length between whole numbers of elements becomes a scale in single precision, and an operator
    // of two others is rounded twice.
    let isExact = !["resizing by cubic convolution", "swish"].contains(subject.testDescription)
    #expect(isExact ? found == expected : relativeError(found, expected) < 1e-6)
    #expect(again.inputShape == network.inputShape)
    #expect(again.logits == network.logits)
    #expect(again.isBatchable == network.isBatchable)
    let names = Set(again.nodes.map(\.name))
    let needed = try network.graph.needed(for: [network.logits]).nodes
    #expect(needed.allSatisfy { $0.layer is Constant || names.contains($0.name) })
  }

  @Test func `a network comes back layer by layer, with its parameters bit by bit`() throws {
    let labels = ["a", "b \"quoted\"", "ç", "d\ne", ""]
    let network = try SmallNetworks.mixed().labeled(labels)
    let (again, found, expected) = try reread(network)
    #expect(found == expected)
    #expect(again.summaries == network.summaries)
    #expect(again.labels == labels)
    for (a, b) in zip(again.nodes, network.nodes) {
      #expect(a.layer.parameters == b.layer.parameters)
    }
    #expect(try again.onnx() == network.onnx())
  }

  @Test func `preprocessing goes into the file with the network`() throws {
    let network = try SmallNetworks.mixed().reading(.imagenet)
    let (again, found, expected) = try reread(network)
    #expect(found == expected)
    #expect(again.summaries == network.summaries)
  }

  @Test func `a file replaces one that is there, and a folder that is missing is named`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "net.onnx").path
    try Data("old".utf8).write(to: URL(filePath: path))
    let network = try SmallNetworks.mixed()
    try network.write(onnx: path)
    #expect(try ModelFile.read(path).network.summaries == network.summaries)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["net.onnx"])
    let error = #expect(throws: ModelError.self) { try network.write(onnx: "\(path)/net.onnx") }
    #expect(error?.description.contains("is no folder that can be written to") == true)
  }

  @Test func `names that files may not have are refused`() throws {
    let network = try Network(
      input: "x", inputShape: [1, 2, 2],
      nodes: [.init("@scores", Reshape(item: [4]), of: ["x"])], logits: "@scores")
    let error = #expect(throws: ModelError.self) { try network.onnx() }
    #expect(error?.reason.contains("'@scores'") == true)
  }
}

import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Invertible networks as ONNX files: what is read back, and what is not believed.
struct InvertibleFileTests {
  private typealias JSON = [String: Any]

  @Test func `a network is read back as invertible, bit by bit`() throws {
    let network = try InvertibleNetworkTests.mixed().labeled(["a", "b", "c", "d"])
    let file = try ModelFile(onnx: try network.onnx(metadata: ["note": "kept"]))
    #expect(file.notes.isEmpty)
    #expect(file.metadata["note"] == "kept")
    let read = try #require(file.invertible)
    #expect(try #require(file.reconstructionError) < 1e-5)
    #expect(read.structure == network.structure)
    #expect(read.labels == ["a", "b", "c", "d"])
    #expect(read.network.nodes.map(\.name) == network.network.nodes.map(\.name))
    let pictures = InvertibleNetworkTests.pictures(network)
    let (old, new) = (CompiledInvertibleNetwork(network), CompiledInvertibleNetwork(read))
    #expect(new.logits(for: pictures) == old.logits(for: pictures))
    #expect(new.features(of: pictures) == old.features(of: pictures))
    #expect(
      zip(new.logDeterminants(of: pictures), old.logDeterminants(of: pictures)).allSatisfy {
        ($0 - $1).magnitude < 1e-4
      })
    #expect(try read.onnx(metadata: ["note": "kept"]) == network.onnx(metadata: ["note": "kept"]))
  }

  @Test func `without its metadata a file is any classifier`() throws {
    let network = try InvertibleNetworkTests.mixed()
    let file = try ModelFile(onnx: try network.network.onnx())
    #expect(file.invertible == nil)
    #expect(file.reconstructionError == nil)
    #expect(file.notes.isEmpty)
  }

  @Test(arguments: [Preprocessing.imagenet, .tf, .caffe])
  func `preprocessing in front is one more block`(preprocessing: Preprocessing) throws {
    let network = try InvertibleNetworkTests.mixed()
    let reading = try network.reading(preprocessing)
    #expect(reading.blocks.count == network.blocks.count + 1)
    let pictures = InvertibleNetworkTests.pictures(network)
    let model = CompiledInvertibleNetwork(reading)
    let plain = CompiledNetwork(try network.network.reading(preprocessing))
    #expect(model.logits(for: pictures) == plain.logits(for: pictures))
    #expect(model.reconstructionErrors(of: pictures).allSatisfy { $0 < 1e-5 })
  }

  /// Why a file with this text in its metadata is not taken for invertible.
  private func refusal(_ network: Network, _ text: String) throws -> String {
    let file = try ModelFile(onnx: try network.onnx(metadata: [InvertibleStructure.key: text]))
    #expect(file.invertible == nil)
    // It is a classifier all the same.
    #expect(file.network.classCount == network.classCount)
    guard case .notInvertible(let reason) = try #require(file.notes.last) else { return "" }
    return reason
  }

  private func refusal(
    _ network: Network? = nil, tampering tamper: (inout JSON, inout [JSON]) -> Void
  ) throws -> String {
    let start = try InvertibleNetworkTests.mixed()
    let text = try JSONEncoder().encode(start.structure)
    var json = try #require(try JSONSerialization.jsonObject(with: text) as? JSON)
    var blocks = try #require(json["blocks"] as? [JSON])
    tamper(&json, &blocks)
    json["blocks"] = blocks
    let changed = try JSONSerialization.data(withJSONObject: json)
    return try refusal(network ?? start.network, String(decoding: changed, as: UTF8.self))
  }

  @Test func `texts that are no structure are refused`() throws {
    let network = try InvertibleNetworkTests.mixed().network
    for text in ["", "{", "[]", "{\"version\":1}", String(repeating: "[", count: 100_000)] {
      #expect(try refusal(network, text).contains("cannot be read"))
    }
  }

  @Test func `claims that the graph does not bear out are refused by name`() throws {
    #expect(try refusal { json, _ in json["version"] = 2 }.contains("version 2"))
    #expect(try refusal { _, blocks in blocks[5]["kind"] = "magic" }.contains("'magic'"))
    #expect(try refusal { _, blocks in blocks[5]["split"] = 4 }.contains("'additive'"))
    #expect(try refusal { _, blocks in blocks[5]["split"] = -1 }.contains("'additive'"))
    #expect(try refusal { _, blocks in blocks[5]["split"] = nil }.contains("'split'"))
    #expect(try refusal { _, blocks in blocks[6]["bound"] = 1e30 }.contains("1e+30"))
    #expect(try refusal { _, blocks in blocks[6]["bound"] = 0.75 }.contains("'affine.F/log'"))
    #expect(try refusal { _, blocks in blocks[5]["F"] = [String]() }.contains("additive.F."))
    #expect(try refusal { _, blocks in blocks[5]["F"] = ["conv1", "conv1"] } != "")
    #expect(try refusal { _, blocks in blocks[5]["F"] = ["conv9"] }.contains("'additive.F.conv9'"))
    #expect(try refusal { _, blocks in blocks.removeLast() } != "")
    #expect(try refusal { _, blocks in blocks.removeFirst() } != "")
    #expect(try refusal { _, blocks in blocks.removeAll() } != "")
    #expect(try refusal { _, blocks in blocks.append(blocks[5]) } != "")
    #expect(try refusal { _, blocks in blocks.swapAt(3, 4) } != "")
    #expect(try refusal { _, blocks in blocks[4]["name"] = "squeeze" }.contains("'squeeze'"))
    #expect(try refusal { json, _ in json["head"] = ["name": "logits", "pooled": false] } != "")
    #expect(
      try refusal { json, _ in json["head"] = ["name": "norm", "pooled": true] }
        .contains("'norm'"))
  }

  /// The network with another layer in place of one.
  private func replacing(
    _ name: LayerName, _ layer: any Layer
  ) throws -> Network {
    let network = try InvertibleNetworkTests.mixed().network
    return try Network(
      input: network.input, inputShape: network.inputShape,
      nodes: network.nodes.map {
        .init($0.name, $0.name == name ? layer : $0.layer, of: $0.inputs)
      },
      logits: network.logits)
  }

  @Test func `a graph that is something else is refused by the layer`() throws {
    let zero = try ScaleChannels(
      scale: Tensor([1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1], shape: [12]),
      shift: Tensor(zeros: [12]))
    let reason = try refusal(replacing("norm", zero)) { _, _ in }
    #expect(reason.contains("'norm'") && reason.contains("channel 3"))
    #expect(
      try refusal(replacing("additive.y1", Subtract())) { _, _ in }.contains("'additive.y1'"))
    let doubled = Tensor(
      (0..<144).map { $0 % 13 == 0 ? 2 : 0 }, shape: [12, 12, 1, 1])
    #expect(
      try refusal(
        replacing("mixing", Convolution2D(weights: doubled, window: SmallNetworks.window(1)))
      ) { _, _ in }.contains("not orthogonal"))
  }
}

import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Network {
  /// The network as an ONNX file, operator set 21, which `ModelFile` reads back as the same network.
  ///
  /// Layers, their order and their names stay; parameters are written bit by bit, beside the graph
  /// in the same file. A few layers without an operator of their own in ONNX become several. Labels
  /// go with the file, and so do other texts that are given (`ModelFile.metadata`). The batch is open
  /// where the network takes one.
  ///
  /// Throws where a layer has no form in ONNX, for a name that ONNX files may not have here, and
  /// beyond 2 GiB, which the format does not hold.
  public func onnx(metadata: [String: String] = [:]) throws(ModelError) -> [UInt8] {
    var file = ONNXWriter(reserving: Set(shapes.keys.map(\.description)))
    for name in shapes.keys where name.description.hasPrefix("@") || name.description.isEmpty {
      throw ModelError(
        .unsupported, "a layer is called '\(name)'; files take no empty names and none with @")
    }
    for node in nodes {
      guard let layer = node.layer as? any ONNXWritable else {
        throw ModelError(
          .unsupported, "layer '\(node.name)' (\(node.layer.kind)) has no form in ONNX")
      }
      let site = ONNXSite(
        name: node.name.description, inputs: node.inputs.map(\.description),
        shapes: node.inputs.compactMap { shapes[$0] }, output: shapes[node.name] ?? [])
      do throws(LayerError) {
        try layer.write(site, to: &file)
      } catch {
        throw ModelError(
          .unsupported, "layer '\(node.name)' (\(node.layer.kind)): \(error.reason)")
      }
      guard file.byteCount < ModelLimits.fileByteCount - (1 << 24) else {
        throw ModelError(.limit, "its parameters take more than the 2 GiB that an ONNX file holds")
      }
    }
    let batch: ONNXExtent = isBatchable ? .open("N") : .fixed(1)
    file.declare(
      input: (input.description, [batch] + inputShape.extents.map { .fixed($0) }),
      output: (logits.description, [batch, .fixed(classCount)]))
    return try file.bytes(labels: labels, metadata: metadata)
  }

  /// Writes the network to an ONNX file, replacing one that is there only when all is written.
  public func write(
    onnx path: String, metadata: [String: String] = [:]
  ) throws(ModelError) {
    let bytes = try onnx(metadata: metadata)
    do throws(LayerError) {
      try RegularFile.write(bytes, to: path)
    } catch {
      throw ModelError(.unreadable, error.reason, file: path)
    }
  }
}

extension InvertibleNetwork {
  /// The network as an ONNX file that any program runs, with the structure of its blocks in the metadata,
  /// from which `ModelFile` reads it back as invertible; otherwise as `Network.onnx(metadata:)`.
  public func onnx(metadata: [String: String] = [:]) throws(ModelError) -> [UInt8] {
    try network.onnx(metadata: try described(metadata))
  }

  /// As `Network.write(onnx:metadata:)`, with the structure of its blocks.
  public func write(
    onnx path: String, metadata: [String: String] = [:]
  ) throws(ModelError) {
    try network.write(onnx: path, metadata: try described(metadata))
  }

  private func described(_ metadata: [String: String]) throws(ModelError) -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(structure) else {
      throw ModelError(.unsupported, "the structure of its blocks cannot be written as JSON")
    }
    var metadata = metadata
    metadata[InvertibleStructure.key] = String(decoding: text, as: UTF8.self)
    return metadata
  }
}

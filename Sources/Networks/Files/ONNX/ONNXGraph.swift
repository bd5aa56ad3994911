import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// An ONNX file with its names and counts checked: what produces each value, and in which order.
struct ONNXGraph {
  let nodes: [ONNXNodeProto]
  /// Version of ONNX's own operator set.
  let opset: Int
  /// What the caller of the graph provides; initializers are not among it.
  let inputs: [ONNXValueInfoProto]
  let outputs: [String]
  let initializers: [String: ONNXTensorProto]
  let metadata: [String: String]
  /// Index of the node that has each value among its outputs.
  private let producers: [String: Int]

  /// Decodes a file. Nested messages are few in an ONNX file, so deep ones are refused.
  init(bytes: Data) throws(ModelError) {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 16
    options.discardUnknownFields = true
    do {
      let model = try ONNXModelProto(serializedBytes: bytes, options: options)
      try self.init(model)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError(
        .malformed,
        "is not an ONNX model, or a damaged one: its \(bytes.count) bytes do not decode as such")
    }
  }

  private init(_ model: ONNXModelProto) throws(ModelError) {
    let graph = model.graph
    guard !graph.node.isEmpty, !graph.output.isEmpty else {
      throw ModelError(.malformed, "holds no network: an ONNX model has nodes and an output")
    }
    for (count, what) in [
      (graph.node.count, "nodes"), (graph.initializer.count, "tensors"),
      (graph.input.count, "inputs"), (graph.output.count, "outputs"),
    ] where count > ModelLimits.nodeCount {
      throw ModelError(
        .limit, "has \(count) \(what); at most \(ModelLimits.nodeCount) are accepted")
    }
    guard
      let opset = model.opsetImport.first(where: { ["", "ai.onnx"].contains($0.domain) })?.version,
      opset >= 1
    else { throw ModelError(.malformed, "names no version of the ONNX operator set") }
    nodes = graph.node
    self.opset = Int(opset)
    metadata = Dictionary(
      model.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })

    var names: Set<String> = []
    func claim(_ name: String, _ what: String) throws(ModelError) {
      guard name.utf8.count <= ModelLimits.nameLength else {
        throw ModelError(
          .limit,
          "a name has \(name.utf8.count) bytes; at most \(ModelLimits.nameLength) are accepted")
      }
      guard !name.hasPrefix("@") else {
        throw ModelError(.malformed, "\(what) is called '\(name)'; names with @ are reserved")
      }
      guard names.insert(name).inserted else {
        throw ModelError(.malformed, "two values of the graph are called '\(name)'")
      }
    }
    var initializers: [String: ONNXTensorProto] = [:]
    for tensor in graph.initializer {
      try claim(tensor.name, "a tensor")
      initializers[tensor.name] = tensor
    }
    self.initializers = initializers
    inputs = graph.input.filter { initializers[$0.name] == nil }
    for input in inputs { try claim(input.name, "an input") }
    var producers: [String: Int] = [:]
    for (index, node) in graph.node.enumerated() {
      for output in node.output where !output.isEmpty {
        try claim(output, "the output of a node")
        producers[output] = index
      }
    }
    self.producers = producers
    outputs = graph.output.map(\.name)
  }

  /// What a sentence calls a node.
  func title(of index: Int) -> String {
    "node '\(name(of: index))' (\(kind(of: index)))"
  }

  /// The node's name, or that of its first output where it has none.
  func name(of index: Int) -> String {
    let node = nodes[index]
    return String((node.name.isEmpty ? node.output.first ?? "" : node.name).prefix(200))
  }

  /// The operator, with its domain where that is not ONNX's own.
  func kind(of index: Int) -> String {
    let node = nodes[index]
    return ["", "ai.onnx"].contains(node.domain) ? node.opType : "\(node.domain).\(node.opType)"
  }

  /// The nodes that a value depends on, each after what it reads; in the file's order where that is
  /// so already.
  func nodes(behind output: String) throws(ModelError) -> [Int] {
    guard let last = producers[output] else {
      // A graph may hand its input or a constant through.
      if initializers[output] != nil || inputs.contains(where: { $0.name == output }) { return [] }
      throw ModelError(.malformed, "no node produces the output '\(output)'")
    }
    let needed = try closure(of: last)
    var order: [Int] = []
    var state: [Int: Bool] = [:]  // false while what the node reads is being placed, then true
    for root in nodes.indices where needed.contains(root) {
      var stack = [root]
      while let index = stack.last {
        switch state[index] {
        case true?:
          stack.removeLast()
        case false?:
          state[index] = true
          order.append(index)
          stack.removeLast()
        case nil:
          state[index] = false
          for input in nodes[index].input {
            guard let source = producers[input], state[source] != true else { continue }
            guard state[source] == nil else {
              throw ModelError(
                .malformed, "\(title(of: index)) depends on itself through '\(input)'")
            }
            stack.append(source)
          }
        }
      }
    }
    return order
  }

  /// A node and all that it depends on.
  private func closure(of last: Int) throws(ModelError) -> Set<Int> {
    var found: Set<Int> = [last]
    var pending = [last]
    while let index = pending.popLast() {
      for input in nodes[index].input where !input.isEmpty {
        if let source = producers[input] {
          if found.insert(source).inserted { pending.append(source) }
        } else if initializers[input] == nil && !inputs.contains(where: { $0.name == input }) {
          throw ModelError(
            .malformed, "\(title(of: index)) reads '\(input)', which nothing produces")
        }
      }
    }
    return found
  }
}

import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// An ONNX file with its names and counts checked: what produces each value, and in which order.
struct ONNXGraph {
  /// Functions and branches are written out.
  let nodes: [ONNXNodeProto]
  /// Version of ONNX's own operator set that each node is written in.
  let opsets: [Int]
  /// What the caller of the graph provides; initializers are not among it.
  let inputs: [ONNXValueInfoProto]
  let outputs: [String]
  let initializers: [String: ONNXTensorProto]
  let metadata: [String: String]
  /// Names of values that the file or its caller gives.
  private let given: Set<String>
  /// Index of the node that has each value among its outputs.
  private let producers: [String: Int]

  /// Decodes a file. A node's tensor lies six messages deep, and three more for each graph that is
  /// an attribute of a node in another one; what is deeper is refused.
  init(bytes: Data) throws(ModelError) {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 8 + 3 * ModelLimits.nestingDepth
    options.discardUnknownFields = true
    do {
      let model = try ONNXModelProto(leavingPayloadsIn: bytes, options: options)
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
    let inlining = try ONNXInlining(model, opset: try model.opsetImport.version())
    nodes = inlining.nodes.map(\.proto)
    opsets = inlining.nodes.map(\.opset)
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
    given = names
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
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
    return node.domain.isONNX ? node.opType : "\(node.domain).\(node.opType)"
  }

  /// Visits the nodes that a value depends on, each after what it reads; in the file's order where
  /// that is so already.
  ///
  /// - Parameter visit: is told a node, and gives nothing or what else must be visited first; then it
  ///   is told the node again. An `If` asks so for one of its branches.
  func visit(
    nodesBehind output: String, _ visit: (Int) throws(ModelError) -> [String]
  ) throws(ModelError) {
    guard let last = producers[output] else {
      // A graph may hand its input or a constant through.
      if given.contains(output) { return }
      throw ModelError(.malformed, "no node produces the output '\(output)'")
    }
    let needed = try closure(of: last)
    var state: [Int: Bool] = [:]  // false while what the node reads is being placed, then true
    for root in nodes.indices where needed.contains(root) {
      var stack = [root]
      while let index = stack.last {
        let inputs: [String]
        switch state[index] {
        case true?: inputs = []
        case false?:
          inputs = try visit(index)
          state[index] = inputs.isEmpty
        case nil:
          state[index] = false
          inputs = reads(of: index)
        }
        if state[index] == true { stack.removeLast() }
        for input in inputs {
          guard let source = try producer(of: input, for: index), state[source] != true else {
            continue
          }
          guard state[source] == nil else {
            throw ModelError(
              .malformed, "\(title(of: index)) depends on itself through '\(input)'")
          }
          stack.append(source)
        }
      }
    }
  }

  /// What a node reads in any case; an `If` only its condition.
  private func reads(of index: Int) -> [String] {
    let inputs = nodes[index].input.filter { !$0.isEmpty }
    return kind(of: index) == Branching.kind ? Array(inputs.prefix(1)) : inputs
  }

  /// The node behind an input of another one; nil where the file or the caller gives its value.
  private func producer(of input: String, for index: Int) throws(ModelError) -> Int? {
    if let source = producers[input] { return source }
    if given.contains(input) { return nil }
    throw ModelError(.malformed, "\(title(of: index)) reads '\(input)', which nothing produces")
  }

  /// A node and all that it depends on in any case.
  private func closure(of last: Int) throws(ModelError) -> Set<Int> {
    var found: Set<Int> = [last]
    var pending = [last]
    while let index = pending.popLast() {
      for input in reads(of: index) {
        guard let source = try producer(of: input, for: index) else { continue }
        if found.insert(source).inserted { pending.append(source) }
      }
    }
    return found
  }
}

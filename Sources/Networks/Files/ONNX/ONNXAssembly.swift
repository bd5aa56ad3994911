import Kernels
import Tensors

/// Builds layers that compute values of an ONNX graph, one node after the other.
struct ONNXAssembly {
  private let graph: ONNXGraph
  private let external: ONNXExternalData
  /// The number of pictures that the file fixes; nil where it is free.
  private let fixedBatch: Int?
  private var values: [String: ONNXValue]
  /// Outputs that nothing computes, such as a mask.
  private var byproducts: Set<String> = []
  /// Why nodes cannot be read, by their indices.
  private var refusals: [(index: Int, refusal: ONNXRefusal)] = []
  private(set) var nodes: [LayerGraph.Node] = []
  /// Shapes for one item.
  private(set) var shapes: [LayerName: Shape]
  /// Names that no layer of our own making may take.
  private var taken: Set<String>
  private var operations = 0
  private var foldedElements = 0
  private var foldedOperations = 0
  /// Tensors in all sequences that were made.
  private var sequenceParts = 0

  /// The layer graph's input, and what stands between it and the file's.
  struct Entry {
    /// The name of the input in the file, which the layer graph's input has as well.
    let name: String
    /// Shape of the layer graph's input for one item, without the batch.
    let shape: Shape
    /// Layers that make the file's input of it.
    var layers: [any Layer] = []

    var layer: LayerName { LayerName(name) }
  }

  /// - Parameter constants: values of inputs of the graph that are fixed.
  init(
    _ graph: ONNXGraph, entry: Entry, fixedBatch: Int? = nil,
    constants: [String: ONNXConstant] = [:], external: ONNXExternalData
  ) throws(ModelError) {
    self.graph = graph
    self.fixedBatch = fixedBatch
    self.external = external
    values = constants.mapValues { .constant($0) }
    taken = Set(graph.nodes.lazy.flatMap(\.output)).union(graph.initializers.keys)
    taken.insert(entry.layer.description)
    shapes = [entry.layer: Shape([1] + entry.shape.extents)]
    let name = entry.layers.isEmpty ? entry.layer : free("\(entry.name)/entry")
    do throws(LayerError) {
      try append(entry.layers, of: [entry.layer], as: name, kind: "Entry")
    } catch {
      throw ModelError(.malformed, "the input '\(entry.name)': \(error.reason)")
    }
    values[entry.name] = .computed(name, shapes[name] ?? [])
  }

  /// The value of an output of the graph, a tensor, once all that it depends on is there.
  mutating func value(of output: String) throws(ModelError) -> ONNXValue {
    refusals = []
    // What follows a node that cannot be read is only looked through for more of them.
    var unknown: Set<String> = []
    // Every If whose branch has been asked for.
    var decided: Set<Int> = []
    let graph = graph
    try graph.visit(nodesBehind: output) { index throws(ModelError) in
      let node = graph.nodes[index]
      guard node.output.allSatisfy({ values[$0] == nil }) else {
        return []
      }
      let kind = graph.kind(of: index)
      if LayerCatalog.reader(of: kind) == nil && !ONNXFolding.knows(kind) {
        refusals.append((index, .operatorUnknown))
        unknown.formUnion(node.output)
        return []
      }
      do throws(LayerError) {
        var inputs = node.input
        if kind == Branching.kind && !unknown.contains(inputs[0]) {
          inputs = try Branching.choice(of: inputs, if: try self.value(inputs[0]))
          // The branch comes first; then this node is here again.
          if decided.insert(index).inserted { return inputs }
        }
        if inputs.contains(where: unknown.contains) {
          unknown.formUnion(node.output)
        } else {
          try place(node, kind: kind, opset: graph.opsets[index], reading: inputs)
        }
      } catch {
        refusals.append((index, .reason(error.reason)))
        unknown.formUnion(node.output)
      }
      return []
    }
    guard refusals.isEmpty else { throw ModelError(refusals, in: graph) }
    guard !byproducts.contains(output) else {
      throw ModelError(
        .unsupported,
        "the output '\(output)' is the second one of a node (a mask, indices or statistics), which is "
          + "not computed here")
    }
    let value: ONNXValue
    do throws(LayerError) {
      value = try self.value(output)
    } catch {
      throw ModelError(.unsupported, "the output '\(output)' \(error.reason)")
    }
    guard !value.isSequence else {
      throw ModelError(
        .unsupported, "the output '\(output)' is a sequence of tensors; only tensors can be had")
    }
    return value
  }

  /// Adds layers of our own making, each reading the one before.
  mutating func append(
    _ layers: [any Layer], of source: LayerName, as name: LayerName
  ) throws(LayerError) {
    try append(layers, of: [source], as: name, kind: "part")
  }

  /// A name that nothing has yet.
  func free(_ wanted: String) -> LayerName {
    var name = wanted
    var number = 2
    while taken.contains(name) {
      name = "\(wanted)-\(number)"
      number += 1
    }
    return LayerName(name)
  }

  // MARK: - Nodes

  private mutating func place(
    _ proto: ONNXNodeProto, kind: String, opset: Int, reading names: [String]
  ) throws(LayerError) {
    guard proto.output.first?.isEmpty == false else { throw LayerError("has no first output") }
    guard foldedElements <= ModelLimits.elementCount else { throw Self.tooManyConstants }
    var inputs: [ONNXValue?] = []
    for name in names { inputs.append(name.isEmpty ? nil : try value(name)) }
    var attributes: [String: ONNXAttribute] = [:]
    for attribute in proto.attribute { attributes[attribute.name] = ONNXAttribute(attribute) }
    let node = ONNXNode(
      kind: kind, opset: opset, inputs: inputs, outputs: proto.output,
      attributes: attributes, fixedBatch: fixedBatch, external: external)
    let reader = LayerCatalog.reader(of: kind)
    if reader?.sequenceKinds.contains(kind) != true,
      let sequence = inputs.compactMap(\.self).first(where: \.isSequence)
    {
      throw LayerError("takes no sequence of tensors, which '\(sequence.name)' is")
    }
    let reading: ONNXReading
    if let constant = try ONNXFolding.fold(node) {
      reading = .same(.constant(constant))
    } else if let reader {
      reading = try reader.read(node)
    } else {
      throw LayerError("can only be computed from constants, but its input depends on the picture")
    }
    let readings = if case .several(let readings) = reading { readings } else { [reading] }
    for (output, reading) in zip(node.outputs, readings) where !output.isEmpty {
      values[output] = try placed(reading, as: output, kind: kind)
    }
    byproducts.formUnion(node.outputs.dropFirst(readings.count))
  }

  private mutating func placed(
    _ reading: ONNXReading, as output: String, kind: String
  ) throws(LayerError) -> ONNXValue {
    switch reading {
    case .same(.constant(let constant)):
      foldedElements += constant.shape.count
      guard foldedElements <= ModelLimits.elementCount else { throw Self.tooManyConstants }
      return .constant(try constant.checked())
    case .same(let value):
      return value
    case .layers(let layers, let sources):
      if let constant = try folded(layers, of: sources, name: output) {
        return try placed(.same(.constant(constant)), as: output, kind: kind)
      }
      var names: [LayerName] = []
      for source in sources { names.append(try layer(of: source)) }
      let name = LayerName(output)
      try append(layers, of: names, as: name, kind: kind)
      return .computed(name, shapes[name] ?? [])
    case .joined(let layers, let readings):
      var sources: [ONNXValue] = []
      for (position, reading) in readings.enumerated() {
        if case .same(let value) = reading {
          sources.append(value)
        } else {
          let own = free("\(output)/\(kind)-input\(position)").description
          sources.append(try placed(reading, as: own, kind: kind))
        }
      }
      return try placed(.layers(layers, of: sources), as: output, kind: kind)
    case .sequence(let readings):
      sequenceParts += readings.count
      guard sequenceParts <= ModelLimits.nodeCount else {
        throw LayerError("takes the model beyond \(ModelLimits.nodeCount) tensors in sequences")
      }
      var parts: [ONNXValue] = []
      for (position, reading) in readings.enumerated() {
        let own = free("\(output)/\(position)").description
        switch reading {
        case .same(.constant(let constant)):
          parts.append(.constant(constant.reshaped(to: constant.shape, name: own)))
        case .same(let value): parts.append(value)
        default: parts.append(try placed(reading, as: own, kind: kind))
        }
      }
      return .sequence(parts, name: output)
    case .several:
      throw LayerError("has several outputs in one")
    }
  }

  private static var tooManyConstants: LayerError {
    LayerError("constants computed beforehand take too much memory")
  }

  /// The value of layers that depend on constants alone, computed once; nil where they do not, or
  /// where that would take long.
  private mutating func folded(
    _ layers: [any Layer], of sources: [ONNXValue], name: String
  ) throws(LayerError) -> ONNXConstant? {
    var constants: [ONNXConstant] = []
    for case .constant(let constant) in sources { constants.append(constant) }
    guard constants.count == sources.count, !layers.isEmpty else { return nil }
    guard let evaluation = try ONNXEvaluation(layers, of: constants.map(\.tensor)),
      foldedOperations + evaluation.operations <= ModelLimits.foldedOperationCount
    else { return nil }
    foldedOperations += evaluation.operations
    let value = try evaluation.value()
    // Operators give whole numbers for whole numbers; below 2²⁴ all of them are exact.
    let isWhole = constants.allSatisfy { $0.integers != nil }
    let limit: Float = 16_777_216
    if isWhole, value.scalars.allSatisfy({ $0.rounded() == $0 && $0.magnitude <= limit }) {
      return ONNXConstant(value.scalars.map { Int($0) }, shape: value.shape, name: name)
    }
    return ONNXConstant(value, name: name)
  }

  /// The value of a name that has been checked to exist.
  private mutating func value(_ name: String) throws(LayerError) -> ONNXValue {
    if let value = values[name] { return value }
    if byproducts.contains(name) {
      throw LayerError(
        "reads '\(name)', a second output (a mask, indices or statistics) that is not computed here"
      )
    }
    guard let proto = graph.initializers[name] else {
      throw LayerError("reads '\(name)', which is not there")
    }
    let constant = try ONNXConstant(proto, name: name, external: external)
    values[name] = .constant(constant)
    return .constant(constant)
  }

  // MARK: - Layers

  /// The layer that produces a value; a constant becomes one.
  private mutating func layer(of value: ONNXValue) throws(LayerError) -> LayerName {
    switch value {
    case .computed(let name, _): return name
    case .constant(let constant):
      let name = LayerName(constant.name)
      if shapes[name] == constant.shape { return name }
      let own = shapes[name] == nil ? name : free(constant.name)
      try append(Constant(constant.tensor), of: [], as: own)
      return own
    case .sequence(_, let name):
      throw LayerError("reads '\(name)', a sequence of tensors, as one")
    }
  }

  /// Layers in a row, the last one with the given name.
  private mutating func append(
    _ layers: [any Layer], of sources: [LayerName], as name: LayerName, kind: String
  ) throws(LayerError) {
    var sources = sources
    for (position, layer) in layers.enumerated() {
      let isLast = position == layers.count - 1
      let own = isLast ? name : free("\(name)/\(kind)\(position)")
      try append(layer, of: sources, as: own)
      sources = [own]
    }
  }

  private mutating func append(
    _ layer: any Layer, of inputs: [LayerName], as name: LayerName
  ) throws(LayerError) {
    let sources = inputs.compactMap { shapes[$0] }
    let shape = try layer.outputShape(for: sources)
    guard shape.rank <= ModelLimits.rank else {
      throw LayerError("gives \(shape.rank) dimensions; at most \(ModelLimits.rank) are accepted")
    }
    guard (1...ModelLimits.elementCount).contains(shape.count) else {
      throw LayerError(
        "gives \(shape); from 1 to \(ModelLimits.elementCount) elements are accepted")
    }
    operations += layer.operations(inputs: sources, output: shape)
    guard operations <= ModelLimits.operationCount else {
      throw LayerError("takes the network beyond \(ModelLimits.operationCount) operations")
    }
    nodes.append(LayerGraph.Node(name, layer, of: inputs))
    shapes[name] = shape
    taken.insert(name.description)
  }
}

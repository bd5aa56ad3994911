import Tensors

/// Builds the network that computes one output of an ONNX graph.
struct ONNXAssembly {
  private let graph: ONNXGraph
  private let input: ONNXInput
  private let external: ONNXExternalData
  private var values: [String: ONNXValue]
  private var nodes: [Network.Node] = []
  /// Shapes for one picture.
  private var shapes: [LayerName: Shape]
  /// Names that no layer of our own making may take.
  private var taken: Set<String>
  private var operations = 0
  private var foldedElements = 0
  private(set) var notes: [ModelNote] = []

  init(_ graph: ONNXGraph, input: ONNXInput, external: ONNXExternalData) {
    self.graph = graph
    self.input = input
    self.external = external
    let name = LayerName(input.name)
    let shape = Shape([1] + input.shape.extents)
    values = [input.name: .computed(name, shape)]
    shapes = [name: shape]
    taken = Set(graph.nodes.lazy.flatMap(\.output)).union(graph.initializers.keys)
    taken.insert(input.name)
  }

  /// The network up to the scores behind `output`.
  mutating func network(endingIn output: String) throws(ModelError) -> Network {
    let order = try graph.nodes(behind: output)
    var unsupported: [Int] = []
    var unknown: Set<String> = []
    for index in order {
      let proto = graph.nodes[index]
      let kind = graph.kind(of: index)
      if LayerCatalog.reader(of: kind) == nil && !ONNXFolding.knows(kind) {
        unsupported.append(index)
      }
      // What follows an unsupported node is only looked through for more of them.
      if unsupported.last == index || proto.input.contains(where: unknown.contains) {
        unknown.formUnion(proto.output)
      } else {
        do throws(LayerError) {
          try place(proto, kind: kind)
        } catch {
          throw ModelError(.unsupported, "\(graph.title(of: index)): \(error.reason)")
        }
      }
    }
    guard unsupported.isEmpty else { throw unsupportedError(unsupported) }
    guard case .computed(let last, _)? = values[output] else {
      throw ModelError(.malformed, "the output '\(output)' does not depend on the picture")
    }
    let logits = try scores(at: peeled(last))
    return try finished(logits)
  }

  // MARK: - Nodes

  private mutating func place(_ proto: ONNXNodeProto, kind: String) throws(LayerError) {
    guard let output = proto.output.first, !output.isEmpty else {
      throw LayerError("has no first output")
    }
    var inputs: [ONNXValue?] = []
    for name in proto.input { inputs.append(name.isEmpty ? nil : try value(name)) }
    var attributes: [String: ONNXAttribute] = [:]
    for attribute in proto.attribute { attributes[attribute.name] = ONNXAttribute(attribute) }
    let node = ONNXNode(
      kind: kind, opset: graph.opset, inputs: inputs, output: output, attributes: attributes,
      fixedBatch: input.fixedBatch, external: external)
    if let constant = try ONNXFolding.fold(node) {
      foldedElements += constant.shape.count
      guard foldedElements <= ModelLimits.elementCount else {
        throw LayerError("constants computed beforehand take too much memory")
      }
      values[output] = .constant(try constant.checked())
      return
    }
    guard let reader = LayerCatalog.reader(of: kind) else {
      throw LayerError("can only be computed from constants, but its input depends on the picture")
    }
    switch try reader.read(node) {
    case .same(.constant(let constant)):
      values[output] = .constant(try constant.checked())
    case .same(let value):
      values[output] = value
    case .layers(let layers, let sources):
      var names: [LayerName] = []
      for source in sources { names.append(try layer(of: source)) }
      for (position, layer) in layers.enumerated() {
        let isLast = position == layers.count - 1
        let name = isLast ? LayerName(output) : free("\(output)/\(kind)\(position)")
        try append(layer, of: names, as: name)
        names = [name]
      }
      let name = LayerName(output)
      values[output] = .computed(name, shapes[name] ?? [])
    }
  }

  /// The value of a name that has been checked to exist.
  private mutating func value(_ name: String) throws(LayerError) -> ONNXValue {
    if let value = values[name] { return value }
    guard let proto = graph.initializers[name] else {
      throw LayerError("reads '\(name)', which is not there")
    }
    let constant = try ONNXConstant(proto, name: name, external: external)
    values[name] = .constant(constant)
    return .constant(constant)
  }

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
    nodes.append(Network.Node(name, layer, of: inputs))
    shapes[name] = shape
    taken.insert(name.description)
  }

  /// A name that nothing has yet.
  private func free(_ wanted: String) -> LayerName {
    var name = wanted
    var number = 2
    while taken.contains(name) {
      name = "\(wanted)-\(number)"
      number += 1
    }
    return LayerName(name)
  }

  // MARK: - The end of the network

  /// The input of a softmax over all classes that ends the network, or the layer itself.
  private mutating func peeled(_ last: LayerName) -> LayerName {
    var name = last
    for node in nodes.reversed() where node.name == name {
      guard let source = node.inputs.first else { return last }
      if let softmax = node.layer as? SoftmaxLayer, let shape = shapes[name] {
        guard shape[softmax.axis] == shape.count else { return last }
        notes.append(.softmaxPeeled(name.description))
        return source
      }
      guard node.layer is Reshape else { return last }
      name = source
    }
    return last
  }

  /// The layer of the scores as `[1, K]`.
  private mutating func scores(at name: LayerName) throws(ModelError) -> LayerName {
    let shape = shapes[name] ?? []
    if shape.rank == 2 && shape[0] == 1 { return name }
    guard shape.extents.max() == shape.count else {
      throw ModelError(
        .unsupported,
        "ends in '\(name)' \(shape), not in one score per class [1, K]; only classifiers can be read"
      )
    }
    let flat = free("\(name)/flat")
    do throws(LayerError) {
      try append(Reshape(from: shape, to: [1, shape.count]), of: [name], as: flat)
    } catch {
      throw ModelError(.unsupported, "the scores '\(name)': \(error.reason)")
    }
    return flat
  }

  /// The network of all that the scores depend on.
  private mutating func finished(_ logits: LayerName) throws(ModelError) -> Network {
    var needed: Set<LayerName> = [logits]
    for node in nodes.reversed() where needed.contains(node.name) { needed.formUnion(node.inputs) }
    let start = LayerName(input.name)
    guard needed.contains(start) else {
      throw ModelError(.malformed, "the scores do not depend on the input '\(start)'")
    }
    do throws(NetworkError) {
      let network = try Network(
        input: start, inputShape: input.shape, nodes: nodes.filter { needed.contains($0.name) },
        logits: logits)
      if !network.isBatchable {
        notes.append(.runsSingly)
      } else if let batch = input.fixedBatch {
        notes.append(.batchGeneralized(batch))
      }
      return network
    } catch {
      throw ModelError(.malformed, "\(error)")
    }
  }

  private func unsupportedError(_ indices: [Int]) -> ModelError {
    let counts = Dictionary(grouping: indices, by: graph.kind(of:)).mapValues(\.count)
    let kinds = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\($0.key) ×\($0.value)" }
    let titles = indices.map(graph.title(of:))
    return ModelError(
      .unsupported,
      "uses operators that cannot be read: \(kinds.joined(separator: ", ")), at "
        + titles.prefix(50).joined(separator: ", ")
        + (titles.count > 50 ? " and \(titles.count - 50) more" : "")
        + ". Exporting with another operator set, or simplifying the graph, may avoid them")
  }
}

public import Kernels
public import Tensors

/// A classifier whose features determine its input: invertible blocks T from pictures `[C, H, W]` to maps
/// of as many features, then a linear head.
///
/// It is a value. `network` is the classifier as ordinary layers, which everything else runs as any other;
/// `inverse` the graph that takes features back. Both have the same parameters.
///
/// Jacobsen, Smeulders, Oyallon: i-RevNet, 2018 (arXiv:1802.07088).
public struct InvertibleNetwork: Sendable {
  public let blocks: [any InvertibleBlock]
  public let head: LinearHead
  /// The whole classifier.
  public let network: Network
  /// The layer of `network` that holds the features.
  public let featureLayer: LayerName
  /// `[C, H, W]`, as many elements as the input.
  public let featureShape: Shape
  /// From features to the input.
  public let inverse: LayerGraph
  /// The layer of `inverse` that holds the input.
  public let restoredInput: LayerName
  /// What each block reads, `[C, H, W]`.
  let blockShapes: [Shape]

  /// The name of what `inverse` reads.
  static let features: LayerName = "@features"

  /// Throws where a block does not fit what reaches it or cannot be taken back, and where names repeat.
  ///
  /// - Parameter labels: one per class, or none.
  public init(
    input: LayerName = "pixels", inputShape: Shape, blocks: [any InvertibleBlock],
    head: LinearHead, labels: [String] = []
  ) throws(NetworkError) {
    guard inputShape.rank == 3, inputShape.count > 0, let last = blocks.last else {
      throw .invertible("an invertible network takes [C, H, W] and has a block or more")
    }
    var shape = inputShape
    var shapes: [Shape] = []
    var forward = GraphDraft(input: input)
    var backward = GraphDraft(input: Self.features)
    for block in blocks {
      shapes.append(shape)
      shape = try Self.naming(block) { () throws(LayerError) in
        let output = try block.outputShape(for: shape)
        try block.addForward(to: &forward, input: shape)
        return output
      }
    }
    for (block, shape) in zip(blocks, shapes).reversed() {
      try Self.naming(block) { () throws(LayerError) in
        try block.addInverse(to: &backward, input: shape)
      }
    }
    try head.check(shape)
    do throws(LayerError) {
      try head.add(to: &forward)
    } catch {
      throw .layer(LayerName(head.name), kind: Dense.kind, reason: error.reason)
    }
    self.blocks = blocks
    self.head = head
    blockShapes = shapes
    featureShape = shape
    featureLayer = LayerName(last.name)
    network = try Network(
      input: input, inputShape: inputShape, nodes: forward.nodes, logits: forward.last,
      labels: labels)
    inverse = try LayerGraph(input: Self.features, inputShape: shape, nodes: backward.nodes)
    restoredInput = backward.last
  }

  /// Errors of a block with its name.
  private static func naming<R>(
    _ block: any InvertibleBlock, _ body: () throws(LayerError) -> R
  ) throws(NetworkError) -> R {
    do throws(LayerError) {
      return try body()
    } catch {
      throw .layer(LayerName(block.name), kind: type(of: block).kind, reason: error.reason)
    }
  }

  public var inputShape: Shape { network.inputShape }
  public var labels: [String] { network.labels }
  public var classCount: Int { network.classCount }

  /// Layers of `network` that training has to leave as they are.
  public var fixedLayers: Set<LayerName> {
    blocks.reduce(into: []) { $0.formUnion($1.fixedLayers) }
  }

  /// log |det ∂T/∂x| in its parts.
  public var logDeterminant: LogDeterminant {
    zip(blocks, blockShapes).reduce(into: LogDeterminant()) { sum, part in
      let own = part.0.logDeterminant(for: part.1)
      sum.constant += own.constant
      sum.layers += own.layers
    }
  }

  /// The same network with other labels. Throws unless there is one for each class.
  public func labeled(_ labels: [String]) throws(NetworkError) -> InvertibleNetwork {
    try InvertibleNetwork(structure, of: try network.labeled(labels))
  }

  /// The same network with preprocessing in front, as `Network.reading(_:)` has it: a further block.
  public func reading(_ preprocessing: Preprocessing) throws(NetworkError) -> InvertibleNetwork {
    if preprocessing.isIdentity { return self }
    var structure = structure
    structure.blocks.insert(.init(ChannelScaling.kind, network.input.description), at: 0)
    return try InvertibleNetwork(structure, of: try network.reading(preprocessing))
  }
}

extension InvertibleNetwork {
  /// Which layers of `network` make which block.
  public var structure: InvertibleStructure {
    InvertibleStructure(blocks: blocks.map(\.record), head: head.record)
  }

  /// A network as blocks, where it is what the structure says.
  ///
  /// Blocks take their inner networks, matrices and factors from the layers that the structure names;
  /// the graph that they make is then compared with the network's, layer by layer. Throws for the first
  /// difference, for a matrix that is not orthogonal, and for a factor that cannot be taken back.
  public init(_ structure: InvertibleStructure, of network: Network) throws(NetworkError) {
    guard structure.version == InvertibleStructure.currentVersion else {
      throw .invertible(
        "its structure is of version \(structure.version); known is "
          + "\(InvertibleStructure.currentVersion)")
    }
    let layers = InvertibleStructure.Layers(network)
    var blocks: [any InvertibleBlock] = []
    for record in structure.blocks {
      blocks.append(try InvertibleCatalog.block(record, of: layers))
    }
    try self.init(
      input: network.input, inputShape: network.inputShape, blocks: blocks,
      head: try LinearHead(structure.head, of: layers), labels: network.labels)
    // Inner layers are the network's own.
    try self.network.compare(with: network, except: Set(structure.blocks.flatMap(\.innerLayers)))
  }
}

extension Network {
  /// Throws unless another network has the same layers as far as its scores depend on them.
  ///
  /// - Parameter known: layers that are the same in both, wherever they stand.
  fileprivate func compare(
    with other: Network, except known: Set<LayerName>
  ) throws(NetworkError) {
    guard logits == other.logits else {
      throw .invertible("the scores are '\(other.logits)', not '\(logits)'")
    }
    let needed = try other.graph.needed(for: [other.logits])
    let others = Dictionary(needed.nodes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    for node in nodes {
      guard let found = others[node.name] else {
        throw .invertible("there is no layer '\(node.name)' that the scores depend on")
      }
      guard found.inputs == node.inputs else {
        throw .invertible(
          "layer '\(node.name)' reads \(found.inputs.map(\.description)); expected "
            + "\(node.inputs.map(\.description))")
      }
      guard known.contains(node.name) || node.layer.isSame(as: found.layer, at: node, in: self)
      else {
        throw .invertible(
          "layer '\(node.name)' (\(found.layer.kind)) is not what its block makes of it")
      }
    }
    guard others.count == nodes.count else {
      let own = Set(nodes.map(\.name))
      let more = others.keys.filter { !own.contains($0) }.sorted()
      throw .invertible("the layer '\(more[0])' belongs to no block")
    }
  }
}

extension Layer {
  /// Whether another layer says the same in a file: operators, attributes and bits.
  fileprivate func isSame(
    as other: any Layer, at node: LayerGraph.Node, in network: Network
  ) -> Bool {
    func written(_ layer: any Layer) -> ONNXGraphProto? {
      var file = ONNXWriter(reserving: [])
      let site = ONNXSite(
        name: node.name.description, inputs: node.inputs.map(\.description),
        shapes: node.inputs.compactMap { network.shapes[$0] },
        output: network.shapes[node.name] ?? [])
      do throws(LayerError) {
        try (layer as? any ONNXWritable)?.write(site, to: &file)
      } catch {
        return nil
      }
      return file.graph
    }
    return written(self).map { $0 == written(other) } ?? false
  }
}

extension InvertibleNetwork {
  /// The same network with each normalisation that is to be trained starting from a batch `[N, C, H, W]`:
  /// what leaves it then has mean 0 and deviation 1 in every channel.
  ///
  /// Costs one pass forward.
  public func normalized(by batch: Tensor, engine: Engine = .preferred) throws(NetworkError)
    -> InvertibleNetwork
  {
    var blocks = blocks
    var value = batch
    for (index, shape) in blockShapes.enumerated() {
      if let scaling = blocks[index] as? ChannelScaling, scaling.isTrained {
        blocks[index] = try Self.naming(scaling) { () throws(LayerError) in
          try scaling.standardizing(value)
        }
      }
      var draft = GraphDraft(input: Self.features)
      try Self.naming(blocks[index]) { () throws(LayerError) in
        try blocks[index].addForward(to: &draft, input: shape)
      }
      let graph = try LayerGraph(
        input: Self.features, inputShape: shape, nodes: draft.nodes)
      let compiled = CompiledGraph(graph, engine: engine, idleByteLimit: 0)
      value = compiled.trace(value, for: TraceRequest(reading: [draft.last]))[draft.last]
    }
    return try InvertibleNetwork(
      input: network.input, inputShape: inputShape, blocks: blocks, head: head, labels: labels)
  }
}

public import Tensors

/// Named layers as a flat graph, in an order in which each comes after what it reads.
///
/// What a `Network` computes with. A graph makes no claim about what its last layers mean.
public struct LayerGraph: Sendable {
  public struct Node: Sendable {
    public let name: LayerName
    public let layer: any Layer
    public let inputs: [LayerName]

    public init(_ name: LayerName, _ layer: any Layer, of inputs: [LayerName]) {
      self.name = name
      self.layer = layer
      self.inputs = inputs
    }

    var parameterCount: Int { layer.parameters.reduce(0) { $0 + $1.count } }
  }

  /// Name and shape, without the batch, of what goes in.
  public let input: LayerName
  public let inputShape: Shape
  public let nodes: [Node]
  /// Every layer's output for one item, the leading 1 included; constants have no batch.
  public let shapes: [LayerName: Shape]

  /// Checks names, order and every shape.
  public init(input: LayerName, inputShape: Shape, nodes: [Node]) throws(NetworkError) {
    var names: Set<LayerName> = [input]
    for node in nodes {
      if let missing = node.inputs.first(where: { !names.contains($0) }) {
        throw .layer(
          node.name, kind: node.layer.kind,
          reason: "reads '\(missing)', which nothing before it produces")
      }
      guard names.insert(node.name).inserted else {
        throw .graph("two layers are called '\(node.name)'")
      }
    }
    self.input = input
    self.inputShape = inputShape
    self.nodes = nodes
    shapes = try Self.shapes(of: nodes, input: input, shape: Shape([1] + inputShape.extents))
  }

  /// Output shapes of all layers for `batch` items.
  func shapes(batch: Int) throws(NetworkError) -> [LayerName: Shape] {
    try Self.shapes(of: nodes, input: input, shape: Shape([batch] + inputShape.extents))
  }

  private static func shapes(
    of nodes: [Node], input: LayerName, shape: Shape
  ) throws(NetworkError) -> [LayerName: Shape] {
    var shapes = [input: shape]
    for node in nodes {
      let inputs = node.inputs.compactMap { shapes[$0] }
      do throws(LayerError) {
        shapes[node.name] = try node.layer.outputShape(for: inputs)
      } catch {
        throw .layer(node.name, kind: node.layer.kind, reason: error.reason)
      }
    }
    return shapes
  }

  /// Whether several items can go through in one pass, each as if it were alone, up to `layer`.
  func isItemwise(at layer: LayerName) -> Bool { itemwiseLayers.contains(layer) }

  /// Layers for which several items can go through in one pass, each as if it were alone.
  var itemwiseLayers: Set<LayerName> {
    // A batch that no extent of the graph equals by accident.
    let many = 7919
    guard let batch = try? shapes(batch: many) else { return [] }
    let varying = descendants(of: [input])
    var found: Set<LayerName> = [input]
    for node in nodes where varying.contains(node.name) {
      if batch[node.name] == shapes[node.name]?.batched(many),
        node.inputs.allSatisfy({ found.contains($0) || !varying.contains($0) }),
        node.layer.isItemwise(for: node.inputs.compactMap { batch[$0] })
      {
        found.insert(node.name)
      }
    }
    return found
  }

  /// Multiplications and additions of a forward pass for one item.
  var operations: Int {
    nodes.reduce(0) { sum, node in
      guard let shape = shapes[node.name] else { return sum }
      return sum
        + node.layer.operations(inputs: node.inputs.compactMap { shapes[$0] }, output: shape)
    }
  }

  /// Trained values, counted once each.
  var parameterCount: Int { nodes.reduce(0) { $0 + $1.parameterCount } }

  /// How many items a plan may take before their maps crowd one another out of the caches: as many as
  /// have maps of a hundred mebibytes together, and more where large weights would be fetched too often.
  /// Measured on networks of 1 to 140 million weights.
  var comfortableShare: Int {
    let maps = shapes.values.reduce(0) { $0 + $1.count }
    return max(1, (3 * parameterCount + (25 << 20)) / max(maps, 1))
  }

  /// The graph without what the given layers do not depend on.
  func needed(for layers: Set<LayerName>) throws(NetworkError) -> LayerGraph {
    let needed = ancestors(of: layers)
    return try LayerGraph(
      input: input, inputShape: inputShape, nodes: nodes.filter { needed.contains($0.name) })
  }

  /// The given layers and all that they depend on.
  func ancestors(of names: Set<LayerName>) -> Set<LayerName> {
    var found = names
    for node in nodes.reversed() where found.contains(node.name) { found.formUnion(node.inputs) }
    return found
  }

  /// The given layers and all that depend on them.
  func descendants(of names: Set<LayerName>) -> Set<LayerName> {
    var found = names
    for node in nodes where node.inputs.contains(where: found.contains) { found.insert(node.name) }
    return found
  }

  /// The layer that a name stands for, directly or through one of the aliases.
  func resolve(
    _ name: LayerName, _ aliases: [LayerName: LayerName]
  ) throws(NetworkError) -> LayerName {
    let name = aliases[name] ?? name
    guard shapes[name] == nil else { return name }
    let names = NearMatches.of(name.description, among: shapes.keys.map(\.description).sorted())
    throw .unknownLayer(name, nearest: names.map { LayerName($0) })
  }
}

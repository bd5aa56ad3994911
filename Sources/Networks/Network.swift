public import Tensors

/// A convolutional network as a value: a flat graph of named layers, in an order in which each comes
/// after what it reads.
///
/// A network describes; `CompiledNetwork` runs. Its input is a picture `[C, H, W]` with values 0...1
/// once `Network.reading(_:)` has put the preprocessing in front.
public struct Network: Sendable {
  public struct Node: Sendable {
    public let name: LayerName
    public let layer: any Layer
    public let inputs: [LayerName]

    public init(_ name: LayerName, _ layer: any Layer, of inputs: [LayerName]) {
      self.name = name
      self.layer = layer
      self.inputs = inputs
    }
  }

  /// Name and shape `[C, H, W]` of what goes in.
  public let input: LayerName
  public let inputShape: Shape
  public let nodes: [Node]
  /// The layer whose output `[N, K]` is the score before any softmax.
  public let logits: LayerName
  public let classCount: Int
  /// One per class, or empty where nothing names them.
  public let labels: [String]
  /// Every layer's output for one picture, the leading 1 included; constants have no batch.
  public let shapes: [LayerName: Shape]
  /// Whether several pictures can go through in one pass. A graph that fixes its batch cannot.
  public let isBatchable: Bool

  /// Checks names, order and every shape.
  public init(
    input: LayerName, inputShape: Shape, nodes: [Node], logits: LayerName, labels: [String] = []
  ) throws(NetworkError) {
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
    self.logits = logits
    shapes = try Self.shapes(of: nodes, input: input, shape: Shape([1] + inputShape.extents))
    guard let scores = shapes[logits] else {
      throw .unknownLayer(logits, nearest: Self.nearest(to: logits, among: names))
    }
    guard scores.rank == 2, scores[0] == 1, scores[1] >= 1 else {
      throw .graph(
        "a classifier ends in [1, K] scores, but '\(logits)' is \(scores); choose the layer of the "
          + "class scores")
    }
    classCount = scores[1]
    guard labels.isEmpty || labels.count == classCount else {
      throw .graph("\(labels.count) labels for \(classCount) classes; there must be one for each")
    }
    self.labels = labels
    // A batch that no extent of the graph equals by accident.
    let many = 7919
    let batch = try? Self.shapes(of: nodes, input: input, shape: Shape([many] + inputShape.extents))
    isBatchable = batch?[logits] == [many, classCount]
  }

  /// Output shapes of all layers for an input of the given shape.
  static func shapes(
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

  /// The layer that a name stands for, `@input` and `@logits` included.
  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    switch name {
    case .input: return input
    case .logits: return logits
    case _ where shapes[name] != nil: return name
    default:
      throw .unknownLayer(name, nearest: Self.nearest(to: name, among: Set(shapes.keys)))
    }
  }

  private static func nearest(to name: LayerName, among names: Set<LayerName>) -> [LayerName] {
    NearMatches.of(name.description, among: names.map(\.description)).map { LayerName($0) }
  }

  /// The same network with other labels. Throws unless there is one for each class.
  public func labeled(_ labels: [String]) throws(NetworkError) -> Network {
    try Network(
      input: input, inputShape: inputShape, nodes: nodes, logits: logits, labels: labels)
  }

  /// Trained values, counted once each.
  public var parameterCount: Int {
    nodes.reduce(0) { $0 + $1.layer.parameters.reduce(0) { $0 + $1.count } }
  }

  /// What `DifferentiableClassifier.layers` tells, in graph order.
  public var summaries: [LayerSummary] {
    nodes.compactMap { node in
      guard let shape = shapes[node.name] else { return nil }
      let inputs = node.inputs.compactMap { shapes[$0] }
      return LayerSummary(
        name: node.name, kind: node.layer.kind, shape: shape, inputs: node.inputs,
        parameterCount: node.layer.parameters.reduce(0) { $0 + $1.count },
        operations: node.layer.operations(inputs: inputs, output: shape))
    }
  }
}

/// What is known of a layer without running it.
public struct LayerSummary: Sendable, Equatable {
  public let name: LayerName
  public let kind: String
  /// The output for one picture, `[1, C, H, W]` for a map of features.
  public let shape: Shape
  public let inputs: [LayerName]
  public let parameterCount: Int
  /// Multiplications and additions for one picture.
  public let operations: Int

  /// Whether the output still has positions in the picture.
  public var isSpatial: Bool { shape.rank == 4 && shape[0] == 1 && shape[2] * shape[3] > 1 }
}

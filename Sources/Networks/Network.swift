public import Tensors

/// A convolutional classifier as a value: a graph of layers, and which of them holds the scores.
///
/// A network describes; `CompiledNetwork` runs. Its input is a picture `[C, H, W]` with values 0...1
/// once `Network.reading(_:)` has put the preprocessing in front.
public struct Network: Sendable {
  public typealias Node = LayerGraph.Node

  public let graph: LayerGraph
  /// The layer whose output `[N, K]` is the score before any softmax.
  public let logits: LayerName
  public let classCount: Int
  /// One per class, or empty where nothing names them.
  public let labels: [String]
  /// Whether several pictures can go through in one pass. A graph that fixes its batch cannot.
  public let isBatchable: Bool

  /// Name and shape `[C, H, W]` of what goes in.
  public var input: LayerName { graph.input }
  public var inputShape: Shape { graph.inputShape }
  public var nodes: [Node] { graph.nodes }
  /// Every layer's output for one picture, the leading 1 included; constants have no batch.
  public var shapes: [LayerName: Shape] { graph.shapes }

  /// Checks names, order and every shape.
  public init(
    input: LayerName, inputShape: Shape, nodes: [Node], logits: LayerName, labels: [String] = []
  ) throws(NetworkError) {
    let graph = try LayerGraph(input: input, inputShape: inputShape, nodes: nodes)
    try self.init(graph, logits: logits, labels: labels)
  }

  /// Takes a layer `[N, K]` of a graph for the scores of K classes.
  public init(
    _ graph: LayerGraph, logits: LayerName, labels: [String] = []
  ) throws(NetworkError) {
    let logits = try graph.resolve(logits, [:])
    let scores = graph.shapes[logits] ?? []
    guard scores.rank == 2, scores[0] == 1, scores[1] >= 1 else {
      throw .graph(
        "a classifier ends in [1, K] scores, but '\(logits)' is \(scores); choose the layer of the "
          + "class scores")
    }
    guard labels.isEmpty || labels.count == scores[1] else {
      throw .graph("\(labels.count) labels for \(scores[1]) classes; there must be one for each")
    }
    self.graph = graph
    self.logits = logits
    self.labels = labels
    classCount = scores[1]
    isBatchable = graph.isItemwise(at: logits)
  }

  /// Names that every network answers to, whatever its own layers are called.
  var aliases: [LayerName: LayerName] { [.input: input, .logits: logits] }

  /// The layer that a name stands for, `@input` and `@logits` included.
  public func resolve(_ name: LayerName) throws(NetworkError) -> LayerName {
    try graph.resolve(name, aliases)
  }

  /// The same network with other labels. Throws unless there is one for each class.
  public func labeled(_ labels: [String]) throws(NetworkError) -> Network {
    try Network(graph, logits: logits, labels: labels)
  }

  /// Trained values, counted once each.
  public var parameterCount: Int { graph.parameterCount }

  /// What `DifferentiableClassifier.layers` tells, in graph order.
  public var summaries: [LayerSummary] {
    nodes.compactMap { node in
      guard let shape = shapes[node.name] else { return nil }
      let inputs = node.inputs.compactMap { shapes[$0] }
      return LayerSummary(
        name: node.name, kind: node.layer.kind, shape: shape, inputs: node.inputs,
        parameterCount: node.parameterCount,
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

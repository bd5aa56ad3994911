public import Tensors

/// What a coupling computes of the half that stays: any graph of layers from one map of features to
/// another with the same positions. It need not be invertible.
public struct InnerNetwork: Sendable {
  /// Its input `[C, H, W]` and layers have names of their own, which a block puts its name in front of.
  public let graph: LayerGraph
  public let output: LayerName
  /// Channels of the output.
  public let outputChannels: Int

  /// Throws unless the output has the input's positions, and pictures go through each by itself.
  public init(_ graph: LayerGraph, output: LayerName) throws(NetworkError) {
    let graph = try graph.needed(for: [output])
    guard let shape = graph.shapes[output], shape.rank == 4, graph.inputShape.rank == 3,
      output != graph.input, shape[2] == graph.inputShape[1], shape[3] == graph.inputShape[2]
    else {
      throw .graph(
        "an inner network takes \(graph.inputShape) and keeps the positions, but '\(output)' is "
          + "\(graph.shapes[output] ?? [])")
    }
    guard graph.isItemwise(at: output) else {
      throw .graph("an inner network mixes the pictures of a batch")
    }
    self.graph = graph
    self.output = output
    outputChannels = shape[1]
  }

  /// Layers in a row, each reading the one before. Throws as `init(_:output:)`.
  public init(
    input: Shape, layers: [(name: String, layer: any Layer)]
  ) throws(NetworkError) {
    var draft = GraphDraft(input: "input")
    for (name, layer) in layers { draft.add(name, layer) }
    try self.init(
      LayerGraph(input: "input", inputShape: input, nodes: draft.nodes), output: draft.last)
  }

  /// Throws unless it makes `outputs` channels of a map `[C, H, W]`.
  func check(takes input: Shape, gives outputs: Int, as name: String) throws(LayerError) {
    guard graph.inputShape == input, outputChannels == outputs else {
      throw LayerError(
        "its inner network \(name) makes \(outputChannels) channels of \(graph.inputShape); expected "
          + "\(outputs) of \(input)")
    }
  }
}

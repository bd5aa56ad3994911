import Tensors

/// Nodes of a graph under construction, along which one map of features is passed on.
public struct GraphDraft: Sendable {
  public private(set) var nodes: [LayerGraph.Node] = []
  /// What the next block reads.
  public var last: LayerName

  public init(input: LayerName) { last = input }

  /// Adds a layer that reads the given ones, or the last one, and gives its name.
  @discardableResult
  public mutating func add(
    _ name: String, _ layer: any Layer, of inputs: [LayerName]? = nil
  ) -> LayerName {
    let name = LayerName(name)
    nodes.append(.init(name, layer, of: inputs ?? [last]))
    last = name
    return name
  }

  /// Adds the layers of an inner network, their names behind `prefix`, and gives that of its output.
  @discardableResult
  public mutating func add(
    _ inner: InnerNetwork, prefix: String, of source: LayerName
  ) -> LayerName {
    for node in inner.graph.nodes {
      nodes.append(
        .init(
          LayerName(prefix + node.name.description), node.layer,
          of: node.inputs.map {
            $0 == inner.graph.input ? source : LayerName(prefix + $0.description)
          }))
    }
    last = LayerName(prefix + inner.output.description)
    return last
  }

  /// Adds channels of a map, `[N, C, H, W]`.
  @discardableResult
  mutating func addChannels(
    _ name: String, _ range: Range<Int>, of source: LayerName
  ) -> LayerName {
    add(
      name, Slice([.init(axis: 1, start: range.lowerBound, end: range.upperBound)]), of: [source])
  }
}

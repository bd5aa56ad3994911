import Tensors

extension Network {
  /// Layers with parameters that are trained and that the logits depend on, in the order of the
  /// graph.
  public var trainableLayers: [LayerName] {
    let needed = graph.ancestors(of: [logits])
    return nodes.filter { $0.layer is any TrainableLayer && needed.contains($0.name) }.map(\.name)
  }

  /// The same graph with the trained values of some layers shuffled, each parameter within itself.
  ///
  /// So each keeps its distribution, variances stay positive, and what was learned is gone. How a
  /// layer is shuffled depends on the seed and its place in the graph, not on which others are. A
  /// parameter whose values are all the same stays as it is. Throws for layers that do not exist,
  /// or that hold no trained parameters.
  public func randomized(_ layers: Set<LayerName>, seed: UInt64) throws(NetworkError) -> Network {
    var chosen: Set<LayerName> = []
    for name in layers {
      let name = try resolve(name)
      guard let node = nodes.first(where: { $0.name == name }) else {
        throw .graph("the input has no parameters to shuffle")
      }
      guard node.layer is any TrainableLayer else {
        throw .layer(name, kind: node.layer.kind, reason: "has no trained parameters to shuffle")
      }
      chosen.insert(name)
    }
    let random = CounterRandom(seed: seed)
    var changed: [Node] = []
    for (place, node) in nodes.enumerated() {
      guard chosen.contains(node.name), let layer = node.layer as? any TrainableLayer else {
        changed.append(node)
        continue
      }
      var parameters = layer.parameters
      for index in parameters.indices {
        // No layer has as many parameters.
        var sequence = random.sequence(sample: place << 8 | index)
        parameters[index].withMutableScalars { scalars in
          var scalars = scalars
          scalars.shuffle(using: &sequence)
        }
      }
      do throws(LayerError) {
        changed.append(Node(node.name, try layer.with(parameters: parameters), of: node.inputs))
      } catch {
        throw .layer(node.name, kind: layer.kind, reason: error.reason)
      }
    }
    return try Network(
      input: input, inputShape: inputShape, nodes: changed, logits: logits, labels: labels)
  }
}

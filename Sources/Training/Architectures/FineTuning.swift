public import Networks
import Tensors

/// What a trained network becomes before it is trained further.
public struct FineTuning: Sendable {
  /// The network to be trained.
  public let network: Network
  /// Layers whose weights stay.
  public let frozen: Set<LayerName>
  /// Whether the last layer with weights was made anew.
  public let hasNewHead: Bool

  /// - Parameters:
  ///   - network: takes pixels 0...1.
  ///   - labels: the classes to be told apart. Where they are those of the network, its head stays;
  ///     otherwise the last layer with weights is replaced by one with random weights.
  ///   - freezing: the last layer whose weights stay, with all that it depends on; nil for none.
  ///   - seed: where random numbers start.
  public init(
    _ network: Network, labels: [String], freezing: LayerName? = nil, seed: UInt64
  ) throws(TrainingError) {
    hasNewHead = network.labels != labels
    do throws(NetworkError) {
      self.network =
        try hasNewHead
        ? Self.network(network, labels: labels, seed: seed) : network
      frozen =
        try freezing.map { name throws(NetworkError) in
          Self.ancestors(of: try network.resolve(name), in: network)
        } ?? []
      if frozen.contains(self.network.logits) {
        throw .graph("'\(freezing ?? .logits)' leaves nothing to be trained")
      }
    } catch {
      throw TrainingError(.request, "--init: \(error)")
    }
  }

  private static func ancestors(of layer: LayerName, in network: Network) -> Set<LayerName> {
    var found: Set<LayerName> = [layer]
    for node in network.nodes.reversed() where found.contains(node.name) {
      found.formUnion(node.inputs)
    }
    found.remove(network.input)
    return found
  }

  /// The network with a new layer in place of the last one with weights.
  private static func network(
    _ network: Network, labels: [String], seed: UInt64
  ) throws(NetworkError) -> Network {
    let nodes = Dictionary(network.nodes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    var name = network.logits
    var biases: Set<LayerName> = []
    while let node = nodes[name] {
      if let head = try head(
        in: node, count: labels.count, classCount: network.classCount, hasBias: biases.isEmpty,
        seed)
      {
        let changed = try network.nodes.map { other throws(NetworkError) in
          let layer =
            other.name == name
            ? head
            : resized(
              other, from: network, to: labels.count, isBias: biases.contains(other.name))
          return Network.Node(other.name, layer, of: other.inputs)
        }
        return try Network(
          input: network.input, inputShape: network.inputShape, nodes: changed,
          logits: network.logits, labels: labels)
      }
      // A bias may be added by a sum of its own.
      let constants = node.inputs.filter { nodes[$0]?.layer is Constant }
      guard node.inputs.count - constants.count == 1, constants.isEmpty || node.layer is Add,
        let source = node.inputs.first(where: { !constants.contains($0) })
      else { break }
      biases.formUnion(constants)
      name = source
    }
    throw .graph(
      "its scores do not come from one dense layer or convolution, so no new head can be put on for "
        + "\(labels.count) classes")
  }

  /// The layer with random weights for other classes; nil where it has none.
  private static func head(
    in node: Network.Node, count: Int, classCount: Int, hasBias: Bool, _ seed: UInt64
  ) throws(NetworkError) -> (any Layer)? {
    let random = CounterRandom(seed: seed, stream: RandomStream.weights.rawValue)
    let bias = hasBias ? Tensor(zeros: [count]) : nil
    do throws(LayerError) {
      switch node.layer {
      case let dense as Dense:
        let depth = dense.weights.count / classCount
        guard dense.weights.shape[dense.transposed ? 0 : 1] == classCount else { return nil }
        let weights = (1 / Float(depth)).squareRoot() * random.normal([count, depth], sample: 0)
        return try Dense(weights: weights, bias: bias, transposed: true)
      case let convolution as Convolution2D where convolution.groups == 1:
        var extents = convolution.weights.shape.extents
        guard extents[0] == classCount else { return nil }
        extents[0] = count
        let depth = convolution.weights.count / classCount
        let weights =
          (1 / Float(depth)).squareRoot() * random.normal(Shape(extents), sample: 0)
        return try Convolution2D(
          weights: weights, bias: bias, window: convolution.window)
      default: return nil
      }
    } catch {
      throw .layer(node.name, kind: node.layer.kind, reason: error.reason)
    }
  }

  /// A reshape or a bias behind the head, for other classes.
  private static func resized(
    _ node: Network.Node, from network: Network, to count: Int, isBias: Bool
  ) -> any Layer {
    if isBias, let bias = node.layer as? Constant, bias.value.count == network.classCount {
      let extents = bias.value.shape.extents
      return Constant(
        Tensor(zeros: Shape(extents.map { $0 == network.classCount ? count : $0 })))
    }
    guard let reshape = node.layer as? Reshape, case .item(let item) = reshape.extents,
      network.shapes[node.name]?.extents.dropFirst().reduce(1, *) == network.classCount,
      node.name == network.logits || item.contains(network.classCount)
    else { return node.layer }
    return Reshape(item: item.map { $0 == network.classCount ? count : $0 })
  }
}

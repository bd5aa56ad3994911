import Kernels
import Tensors

extension Network {
  /// As `RelaxableClassifier.saturatingLayers`.
  var saturatingLayers: [LayerName] {
    let needed = graph.ancestors(of: [logits])
    let varying = graph.descendants(of: [input])
    return nodes.filter { node in
      guard let layer = node.layer as? any SaturatingLayer else { return false }
      return layer.reach(ofSlope: 0) != nil && needed.contains(node.name)
        && varying.contains(node.name)
    }.map(\.name)
  }

  /// The same network with φ(u / factor) for each of its saturating activations φ(u). Traps unless there
  /// are as many factors.
  func flattened(by flattening: Flattening) -> Network {
    let layers = saturatingLayers
    precondition(
      layers.count == flattening.factors.count,
      "\(flattening.factors.count) factors for \(layers.count) activations")
    let factors = Dictionary(uniqueKeysWithValues: zip(layers, flattening.factors))
    return replacing(layers) { node, name in
      guard let factor = factors[node.name], factor != 1 else { return [node] }
      let scaled = name("flattened")
      return [
        Node(scaled, Scale(FixedFactor(1 / factor)), of: node.inputs),
        Node(node.name, node.layer, of: [scaled]),
      ]
    }
  }

  /// The network that flattens itself for each picture, and the layers that hold the factors
  /// `[N, 1, …]`.
  func selfFlattening(slope: Float) -> (network: Network, factors: [LayerName]) {
    var factors: [LayerName] = []
    let network = replacing(saturatingLayers) { node, name in
      guard let layer = node.layer as? any SaturatingLayer,
        let reach = layer.reach(ofSlope: slope), let rank = shapes[node.inputs[0]]?.rank
      else { return [node] }
      let (size, most, factor) = (name("size"), name("most"), name("factor"))
      let scaled = name("flattened")
      factors.append(factor)
      return [
        Node(size, Abs(Magnitude()), of: node.inputs),
        Node(most, ReductionLayer<LargestOfValues>(axes: 1..<rank), of: [size]),
        Node(factor, Pointwise(FlatteningFactor(reach: reach)), of: [most]),
        Node(scaled, Divide(), of: node.inputs + [factor]),
        Node(node.name, node.layer, of: [scaled]),
      ]
    }
    return (network, factors)
  }

  /// The same network with other nodes for some of its own, the last of which has the name and the shape
  /// of the one that it replaces. `name` makes names that are free from a word.
  private func replacing(
    _ layers: [LayerName], by nodes: (_ node: Node, _ name: (String) -> LayerName) -> [Node]
  ) -> Network {
    let replaced = Set(layers)
    let changed = self.nodes.flatMap { node in
      replaced.contains(node.name)
        ? nodes(node) { word in
          var name = "\(node.name)/\(word)"
          while shapes[LayerName(name)] != nil { name += "'" }
          return LayerName(name)
        } : [node]
    }
    do throws(NetworkError) {
      return try Network(
        input: input, inputShape: inputShape, nodes: changed, logits: logits, labels: labels)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

/// The least power of two, 1 or more, that divides a magnitude to less than a reach.
struct FlatteningFactor: NamedFunction {
  static let kind = "FlatteningFactor"
  let reach: Float

  func callAsFunction(_ x: Float) -> Float {
    let ratio = x / reach
    return ratio >= 1 && ratio.isFinite
      ? Float(sign: .plus, exponent: ratio.exponent + 1, significand: 1) : 1
  }

  func slope(at x: Float) -> Float { 0 }
  static var slopeReads: SlopeOperand { .input }
}

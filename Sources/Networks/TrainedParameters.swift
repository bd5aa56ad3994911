import Kernels
import Tensors

/// The parameters of a network in training, in one piece of memory: values, gradients and statistics, each
/// at an address that vectors like.
public final class TrainedParameters {
  let parameters: [TrainedParameter]
  let statistics: [TrainedParameter]
  let frozen: Set<LayerName>
  /// Layers with parameters that gradients train.
  let layers: Set<LayerName>
  let memory: ExternalMemory
  private let places: TrainedPlaces
  private let stride: Int

  /// Throws when a frozen layer does not exist, or nothing is left to be trained.
  init(of network: Network, frozen: Set<LayerName>) throws(NetworkError) {
    var still: Set<LayerName> = []
    for name in frozen { still.insert(try network.resolve(name)) }
    let graph = try network.graph.needed(for: [network.logits])
    let constants = graph.learnedConstants
    for node in graph.nodes where still.contains(node.name) {
      still.formUnion(node.inputs.filter { constants[$0] != nil })
    }
    var found: [(name: ParameterName, role: ParameterRole, tensor: Tensor)] = []
    for node in graph.nodes where !still.contains(node.name) {
      let roles =
        (node.layer as? any TrainableLayer)?.roles ?? constants[node.name].map { [$0] } ?? []
      for (index, (role, tensor)) in zip(roles, node.layer.parameters).enumerated() {
        found.append((ParameterName(node.name, index), role, tensor))
      }
    }
    func placed(_ isPlaced: (ParameterRole) -> Bool) -> [TrainedParameter] {
      var end = 0
      return found.filter { isPlaced($0.role) }.map { name, role, tensor in
        defer { end += tensor.count }
        return TrainedParameter(
          name: name, shape: tensor.shape, role: role, range: end..<end + tensor.count)
      }
    }
    parameters = placed { $0 != .statistic }
    statistics = placed { $0 == .statistic }
    let count = parameters.last?.range.upperBound ?? 0
    guard count > 0 else { throw .graph("no layer has parameters to be trained") }
    stride = (count + 15) / 16 * 16
    memory = ExternalMemory(count: 2 * stride + (statistics.last?.range.upperBound ?? 0))
    var places = TrainedPlaces()
    for parameter in parameters {
      let start = parameter.range.lowerBound
      places.values[parameter.name] = Operand(.external(start), shape: parameter.shape)
      places.gradients[parameter.name] = Operand(
        .external(stride + start), shape: parameter.shape)
    }
    for statistic in statistics {
      places.values[statistic.name] = Operand(
        .external(2 * stride + statistic.range.lowerBound), shape: statistic.shape)
    }
    places.frozen = still
    self.places = places
    self.frozen = still
    layers = Set(parameters.map(\.name.layer))
    for (name, _, tensor) in found {
      guard case .external(let start)? = places.values[name]?.place else { continue }
      tensor.withScalars { scalars in
        _ = part(from: start, count: tensor.count).update(fromContentsOf: scalars)
      }
    }
  }

  var values: UnsafeMutableBufferPointer<Float> {
    part(from: 0, count: parameters.last?.range.upperBound ?? 0)
  }

  var gradients: UnsafeMutableBufferPointer<Float> {
    part(from: stride, count: parameters.last?.range.upperBound ?? 0)
  }

  var statisticValues: UnsafeMutableBufferPointer<Float> {
    part(from: 2 * stride, count: statistics.last?.range.upperBound ?? 0)
  }

  private func part(from start: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: memory.scalars[start..<start + count])
  }

  /// Where plans find parameters, and leave new statistics where they are to follow.
  func places(updating: Bool) -> TrainedPlaces {
    var places = places
    if updating {
      for statistic in statistics {
        places.updates[statistic.name] = places.values[statistic.name]
      }
    }
    return places
  }

  /// A network with the present values in the layers of the same names.
  func network(like start: Network) throws(NetworkError) -> Network {
    var nodes: [Network.Node] = []
    for node in start.nodes { nodes.append(try trained(node)) }
    return try Network(
      LayerGraph(input: start.input, inputShape: start.inputShape, nodes: nodes),
      logits: start.logits, labels: start.labels)
  }

  private func trained(_ node: Network.Node) throws(NetworkError) -> Network.Node {
    guard layers.contains(node.name) else { return node }
    let tensors = node.layer.parameters.enumerated().map { index, tensor in
      guard case .external(let start)? = places.values[ParameterName(node.name, index)]?.place
      else { return tensor }
      return Tensor(Array(memory.scalars[start..<start + tensor.count]), shape: tensor.shape)
    }
    do throws(LayerError) {
      let layer = try (node.layer as? any TrainableLayer)?.with(parameters: tensors)
      return Network.Node(node.name, layer ?? Constant(tensors[0]), of: node.inputs)
    } catch {
      throw .layer(node.name, kind: node.layer.kind, reason: error.reason)
    }
  }
}

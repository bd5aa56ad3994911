import Kernels
import Tensors

/// A layer that does the same to inputs whose axes come in another order.
protocol AxisPermutable: Layer {
  /// The layer to apply to inputs u, and the order that then stands behind it (nil for none).
  ///
  /// With T(u)[axis i] = u[axis order[i]], `self(T(u), …) = T′(layer(u, …))`, where T′ has the order that
  /// is returned; nil where there is no such layer. `shape` is that of the first T(u), for one item.
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)?

  /// Whether constants among the inputs are broadcast to the others.
  var broadcasts: Bool { get }
}

extension AxisPermutable {
  var broadcasts: Bool { false }
}

/// Moves transposes down a graph until they meet others that undo them.
///
/// Exporters from frameworks that keep channels last put one in front of and behind every
/// convolution. A value that waits for its transpose is carried along as the layer that it comes from
/// and the order that is still to be applied; only what cannot work in any order gets a transpose
/// of its own. A moved layer's output keeps its name, and has its channels first.
struct TransposeMotion {
  /// A value of the old graph in terms of the new one.
  private struct Pending {
    var layer: LayerName
    /// The axis of the layer's output behind each axis of the value.
    var order: [Int]

    var isSettled: Bool { order == Array(order.indices) }
  }

  private let graph: LayerGraph
  private var nodes: [LayerGraph.Node] = []
  /// Constants among the new nodes.
  private var constants: [LayerName: Tensor] = [:]
  private var values: [LayerName: Pending] = [:]
  private var taken: Set<LayerName>
  private var emitted: Set<LayerName>

  /// The graph with fewer transposes, or as it is where moving them saves none; the given layers
  /// keep their values.
  static func applied(
    to graph: LayerGraph, keeping layers: Set<LayerName>
  ) throws(NetworkError) -> LayerGraph {
    func count(_ nodes: [LayerGraph.Node]) -> Int { nodes.count { $0.layer is Transpose } }
    guard count(graph.nodes) > 1 else { return graph }
    var motion = TransposeMotion(graph)
    motion.run(keeping: layers)
    let moved = try LayerGraph(
      input: graph.input, inputShape: graph.inputShape, nodes: motion.nodes
    ).needed(for: layers)
    return count(moved.nodes) < count(graph.nodes) ? moved : graph
  }

  private init(_ graph: LayerGraph) {
    self.graph = graph
    taken = Set(graph.shapes.keys)
    emitted = [graph.input]
    values[graph.input] = settled(graph.input)
  }

  private func settled(_ name: LayerName) -> Pending {
    Pending(layer: name, order: Array(0..<(graph.shapes[name]?.rank ?? 0)))
  }

  private mutating func run(keeping layers: Set<LayerName>) {
    for node in graph.nodes {
      if let transpose = node.layer as? Transpose, !layers.contains(node.name),
        let source = values[node.inputs[0]]
      {
        values[node.name] = Pending(
          layer: source.layer, order: transpose.order.map { source.order[$0] })
      } else if let moved = moved(node, settles: layers.contains(node.name)) {
        values[node.name] = moved
      } else {
        emit(LayerGraph.Node(node.name, node.layer, of: node.inputs.map { value(of: $0) }))
        values[node.name] = settled(node.name)
      }
    }
  }

  /// Appends the node in front of the transposes that its inputs wait for, unless its own value
  /// would have to wait and must not.
  private mutating func moved(_ node: LayerGraph.Node, settles: Bool) -> Pending? {
    let inputs = node.inputs.compactMap { values[$0] }
    guard let layer = node.layer as? any AxisPermutable, inputs.count == node.inputs.count,
      let waiting = inputs.firstIndex(where: { !$0.isSettled }),
      let shape = graph.shapes[node.inputs[waiting]]
    else { return nil }
    let order = inputs[waiting].order
    guard let moved = layer.permuted(by: order, of: shape), !settles || moved.order == nil
    else { return nil }
    var sources: [LayerName] = []
    for (index, input) in inputs.enumerated() {
      let name = node.inputs[index]
      if input.order == order {
        sources.append(input.layer)
      } else if layer.broadcasts, let constant = constants[name],
        constant.shape.rank <= order.count
      {
        sources.append(append(Constant(constant.undoing(order)), of: [], like: name))
      } else {
        return nil
      }
    }
    emit(LayerGraph.Node(node.name, moved.layer, of: sources))
    return moved.order.map { Pending(layer: node.name, order: $0) } ?? settled(node.name)
  }

  /// The layer that has a value as the old graph had it.
  private mutating func value(of name: LayerName) -> LayerName {
    guard let pending = values[name], !pending.isSettled else {
      return values[name]?.layer ?? name
    }
    // A transpose of the file keeps its name.
    let transpose = Transpose(order: pending.order)
    var value = settled(name)
    if emitted.contains(name) {
      value.layer = append(transpose, of: [pending.layer], like: name)
    } else {
      emit(LayerGraph.Node(name, transpose, of: [pending.layer]))
    }
    values[name] = value
    return value.layer
  }

  private mutating func append(
    _ layer: any Layer, of inputs: [LayerName], like name: LayerName
  ) -> LayerName {
    var number = 1
    var own = LayerName("\(name)/transposed")
    while !taken.insert(own).inserted {
      number += 1
      own = LayerName("\(name)/transposed-\(number)")
    }
    emit(LayerGraph.Node(own, layer, of: inputs))
    return own
  }

  private mutating func emit(_ node: LayerGraph.Node) {
    nodes.append(node)
    emitted.insert(node.name)
    if let constant = node.layer as? Constant { constants[node.name] = constant.value }
  }
}

extension Tensor {
  /// The tensor whose transpose by `order` this is, its rank filled up with ones in front.
  fileprivate func undoing(_ order: [Int]) -> Tensor {
    let padded = shape.padded(toRank: order.count)
    guard count > 1 else { return reshaped(to: padded) }
    var inverse = order
    for (axis, source) in order.enumerated() { inverse[source] = axis }
    let (extents, strides) = (padded.extents, padded.strides)
    var positions = [0]
    for axis in inverse {
      positions = positions.flatMap { start in
        (0..<extents[axis]).map { start + $0 * strides[axis] }
      }
    }
    return Tensor(positions.map { self[$0] }, shape: Shape(inverse.map { extents[$0] }))
  }
}

// MARK: - Layers

extension Pointwise: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    (self, order)
  }
}

extension ReLU: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    (self, order)
  }
}

extension Arithmetic: AxisPermutable {
  var broadcasts: Bool { true }

  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    (self, order)
  }
}

extension Concatenate: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    (Concatenate(axis: order[axis]), order)
  }
}

extension SoftmaxLayer: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    (SoftmaxLayer(axis: order[axis], isLogarithmic: isLogarithmic), order)
  }
}

extension Slice: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    let moved = ranges.map {
      Range(axis: order[$0.axis], start: $0.start, end: $0.end, step: $0.step)
    }
    return (Slice(moved), order)
  }
}

extension Reshape: AxisPermutable {
  /// Where only axes of one element have moved, the elements lie as they did.
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    let long = order.indices.filter { shape[$0] > 1 }.map { order[$0] }
    guard long == long.sorted(), case .item = extents, order.first == 0 else { return nil }
    return (self, nil)
  }
}

extension ReductionLayer: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    let moved = axes.map { order[$0] }.sorted()
    if keepsAxes {
      // What attributions take for the features' pooling.
      let isPooling =
        R.self == MeanOfValues.self && moved.count >= 1
        && moved == Array(2..<order.count)
      return (isPooling ? GlobalAveragePool() : ReductionLayer(axes: moved), order)
    }
    let kept = order.indices.filter { !axes.contains($0) }.map { order[$0] }
    let layer = ReductionLayer(axes: moved, keepsAxes: false)
    return (layer, kept.map { axis in kept.count { $0 < axis } })
  }
}

extension Pad: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    var (first, last) = (before, after)
    for (axis, source) in order.enumerated() {
      (first[source], last[source]) = (before[axis], after[axis])
    }
    return (Pad(before: first, after: last, border: border), order)
  }
}

extension Resize: AxisPermutable {
  func permuted(by order: [Int], of shape: Shape) -> (layer: any Layer, order: [Int]?)? {
    let moved = axes.map { axis in
      Axis(
        order[axis.axis], outputs: axis.outputs, length: axis.length, start: axis.start,
        end: axis.end)
    }
    let layer = Resize(
      moved, interpolation: interpolation, coordinates: coordinates, isSmoothing: isSmoothing,
      excludesOutside: excludesOutside)
    return (layer, order)
  }
}

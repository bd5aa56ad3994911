import Tensors

/// Finds the class scores behind an output of an ONNX graph.
struct ONNXScores {
  private var assembly: ONNXAssembly
  private(set) var notes: [ModelNote] = []

  init(_ assembly: ONNXAssembly) { self.assembly = assembly }

  /// The network up to the scores behind `output`.
  mutating func network(endingIn output: String, of input: ONNXInput) throws(ModelError) -> Network
  {
    guard case .computed(let last, _) = try assembly.value(of: output) else {
      throw ModelError(.malformed, "the output '\(output)' does not depend on the picture")
    }
    let logits = try scores(at: peeled(last))
    do throws(NetworkError) {
      let whole = try LayerGraph(
        input: input.entry.layer, inputShape: input.shape, nodes: assembly.nodes)
      let graph = try TransposeMotion.applied(
        to: whole.needed(for: [logits]), keeping: [logits])
      guard graph.descendants(of: [graph.input]).contains(logits) else {
        throw .graph("the scores do not depend on the input '\(input.name)'")
      }
      let network = try Network(graph, logits: logits)
      if !network.isBatchable {
        notes.append(.runsSingly)
      } else if let batch = input.fixedBatch {
        notes.append(.batchGeneralized(batch))
      }
      return network
    } catch {
      throw ModelError(.malformed, "\(error)")
    }
  }

  /// The input of a softmax over all classes that ends the network, or the layer itself.
  private mutating func peeled(_ last: LayerName) -> LayerName {
    var name = last
    for node in assembly.nodes.reversed() where node.name == name {
      guard let source = node.inputs.first else { return last }
      if let softmax = node.layer as? SoftmaxLayer, let shape = assembly.shapes[name] {
        guard shape[softmax.axis] == shape.count else { return last }
        notes.append(.softmaxPeeled(name.description))
        return source
      }
      guard node.layer is Reshape else { return last }
      name = source
    }
    return last
  }

  /// The layer of the scores as `[1, K]`.
  private mutating func scores(at name: LayerName) throws(ModelError) -> LayerName {
    let shape = assembly.shapes[name] ?? []
    if shape.rank == 2 && shape[0] == 1 { return name }
    guard shape.extents.max() == shape.count else {
      throw ModelError(
        .unsupported,
        "ends in '\(name)' \(shape), not in one score per class [1, K]; only classifiers can be read"
      )
    }
    let flat = assembly.free("\(name)/flat")
    do throws(LayerError) {
      try assembly.append([Reshape(from: shape, to: [1, shape.count])], of: name, as: flat)
    } catch {
      throw ModelError(.unsupported, "the scores '\(name)': \(error.reason)")
    }
    return flat
  }
}

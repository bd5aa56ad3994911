import Kernels
import Tensors

/// Layers in a row that read constants alone, ready to be computed once.
struct ONNXEvaluation {
  private let graph: LayerGraph
  private let result: LayerName
  /// Multiplications and additions.
  let operations: Int

  /// Throws where the layers do not fit the constants; nil where intermediate values are too large
  /// to be computed beforehand.
  init?(_ layers: [any Layer], of constants: [Tensor]) throws(LayerError) {
    var nodes: [LayerGraph.Node] = []
    var shapes: [Shape] = []
    var sources: [LayerName] = []
    for (index, constant) in constants.enumerated() {
      let name = LayerName("constant \(index)")
      nodes.append(LayerGraph.Node(name, Constant(constant), of: []))
      sources.append(name)
      shapes.append(constant.shape)
    }
    var (operations, elements) = (0, 0)
    for (index, layer) in layers.enumerated() {
      let shape = try layer.outputShape(for: shapes)
      elements += min(shape.count, ModelLimits.elementCount)
      operations += min(layer.operations(inputs: shapes, output: shape), ModelLimits.operationCount)
      guard elements <= ModelLimits.elementCount, operations <= ModelLimits.operationCount else {
        return nil
      }
      let name = LayerName("layer \(index)")
      nodes.append(LayerGraph.Node(name, layer, of: sources))
      (sources, shapes) = ([name], [shape])
    }
    guard let last = sources.first else { return nil }
    do throws(NetworkError) {
      graph = try LayerGraph(input: "nothing", inputShape: [], nodes: nodes)
    } catch {
      throw LayerError("\(error)")
    }
    result = last
    self.operations = operations
  }

  /// What the layers give.
  func value() throws(LayerError) -> Tensor {
    do throws(NetworkError) {
      let plan = try Plan(
        graph, for: TraceRequest(reading: [result]), batch: 1, options: .plain)
      plan.run(Tensor(zeros: [1]))
      return plan.value(of: result)
    } catch {
      throw LayerError("\(error)")
    }
  }
}

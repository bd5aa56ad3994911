public import Tensors

extension CompiledNetwork: RelaxableClassifier {
  public var saturatingLayers: [LayerName] { network.saturatingLayers }

  public func flattenings(for batch: Tensor, slope: Float) -> [Flattening] {
    let (network, factors) = network.selfFlattening(slope: slope)
    let graph = CompiledGraph(
      network.graph, engine: engine, passes: self.graph.options.passes,
      parallelism: self.graph.options.parallelism, idleByteLimit: 0)
    let trace = graph.trace(batch, for: TraceRequest(reading: Set(factors)))
    let values = factors.map { trace[$0] }
    return (0..<batch.batch).map { item in
      Flattening(factors: values.map { $0[item] })
    }
  }

  public func flattened(by flattening: Flattening) -> any DifferentiableClassifier {
    likewise(network.flattened(by: flattening))
  }

  /// Another network, run as this one.
  private func likewise(_ network: Network) -> CompiledNetwork {
    CompiledNetwork(
      network, engine: engine, passes: graph.options.passes,
      parallelism: graph.options.parallelism, sharesStem: stemEnd != nil,
      idleByteLimit: idleByteLimit)
  }
}

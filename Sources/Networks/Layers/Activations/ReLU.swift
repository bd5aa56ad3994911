import Kernels
public import Tensors

/// max(x, 0). The one layer that heeds the backward rule.
public struct ReLU: Layer {
  public static let kind = "Relu"

  public init() {}

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape { try inputs.only() }

  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .secant }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(Map(input: site.inputs[0], output: site.output, function: Rectifier()))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let (cotangent, rule) = (plan.cotangent(of: site), plan.rule)
    plan.contribute(to: 0, of: site) { target, accumulates in
      RectifierPullback(
        outputCotangent: cotangent, output: site.output, inputCotangent: target, rule: rule,
        accumulates: accumulates)
    }
  }
}

extension ReLU: ONNXOperator {
  static let onnxKinds = ["Relu"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layer(ReLU(), of: try node.input())
  }
}

extension ReLU: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("Relu", of: site.inputs, as: site.name)
  }
}

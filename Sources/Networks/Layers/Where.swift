import Kernels
public import Tensors

/// The second input where the first, a mask, is not 0; the third elsewhere. All three are broadcast.
public struct Where: Layer {
  public static let kind = "Where"

  public init() {}

  public func rescaling(ofInputs changing: [Int]) -> Rescaling {
    changing.contains(0) ? .average(points: 8) : .step
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    guard inputs.count == 3 else { throw LayerError("expects three inputs, found \(inputs.count)") }
    return try inputs.broadcastTogether()
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Selection(
        condition: site.inputs[0], first: site.inputs[1], second: site.inputs[2],
        output: site.output))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    for (index, side) in [(1, BroadcastSide.first), (2, .second)] {
      plan.contribute(to: index, of: site) { target, accumulates in
        SelectionPullback(
          outputCotangent: cotangent, condition: site.inputs[0], inputCotangent: target,
          side: side, accumulates: accumulates)
      }
    }
  }
}

extension Where: ONNXOperator {
  static let onnxKinds = ["Where"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layers([Where()], of: [try node.input(0), try node.input(1), try node.input(2)])
  }
}

extension Where: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("Where", of: site.inputs, as: site.name, truths: [0])
  }
}

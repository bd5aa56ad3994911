import Kernels
public import Tensors

/// A value that does not depend on the picture, such as a bias added by an Add of its own.
public struct Constant: Layer {
  public static let kind = "Constant"
  public let value: Tensor

  public init(_ value: Tensor) { self.value = value }

  public var parameters: [Tensor] { [value] }
  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape { value.shape }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      StridedCopy(
        from: .init(site.parameters[0]), to: .init(site.output), extents: value.shape.extents))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      StridedCopy(
        from: .init(cotangent), to: .init(target), extents: value.shape.extents,
        accumulates: accumulates)
    }
  }
}

extension Constant: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.constant(value, named: site.name)
  }
}

import Kernels
public import Tensors

/// The softmax along one axis, or its logarithm. One that ends a classifier is peeled when the file
/// is read, so this stands inside of networks only.
public struct SoftmaxLayer: Layer {
  public static let kind = "Softmax"
  /// Counted from the front, at least 1.
  public let axis: Int
  public let isLogarithmic: Bool

  public init(axis: Int, isLogarithmic: Bool = false) {
    self.axis = axis
    self.isLogarithmic = isLogarithmic
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { 4 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard (1..<max(input.rank, 1)).contains(axis) else {
      throw LayerError("cannot normalise \(input) along axis \(axis)")
    }
    return input
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      Softmax(
        input: site.inputs[0], output: site.output, axis: axis, isLogarithmic: isLogarithmic))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      SoftmaxPullback(
        outputCotangent: cotangent, output: site.output, inputCotangent: target, axis: axis,
        isLogarithmic: isLogarithmic, accumulates: accumulates)
    }
  }
}

import Kernels
public import Tensors

/// The same values under another shape; the batch stays the leading extent.
public struct Reshape: Layer {
  public static let kind = "Reshape"
  /// Extents of one item. One of them may be −1: it is what the others leave.
  public let item: [Int]

  public init(item: [Int]) { self.item = item }

  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 1 else { throw LayerError("expects a batch, found a scalar") }
    var extents = item
    let known = item.filter { $0 != -1 }
    guard item.count - known.count <= 1, let rest = Shape(validating: known) else {
      throw LayerError("\(item) is not a shape")
    }
    if let free = item.firstIndex(of: -1) {
      guard rest.count > 0, input.item.count % rest.count == 0 else {
        throw LayerError("items of \(input) cannot be seen as \(item)")
      }
      extents[free] = input.item.count / rest.count
    }
    let shape = Shape([input[0]] + extents)
    guard shape.count == input.count else {
      throw LayerError("items of \(input) cannot be seen as \(item)")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) { plan.view(site) }
  public func backward(_ site: Site, into plan: inout PlanBuilder) { plan.contributeView(of: site) }
}

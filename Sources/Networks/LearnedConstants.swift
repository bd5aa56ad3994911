import Kernels
import Tensors

/// A layer that may compute with a parameter of its own as one of its inputs, which is a `Constant` then:
/// a sum with a bias, a rectifier with its slopes, a product with a matrix.
protocol LearningLayer: Layer {
  /// What a constant of this shape is as that input; nil where it is no parameter.
  func role(ofConstant shape: Shape, atInput index: Int) -> ParameterRole?
}

extension Arithmetic: LearningLayer {
  /// A single number is taken for part of a formula, such as the half in a GELU, unless it is a slope.
  func role(ofConstant shape: Shape, atInput index: Int) -> ParameterRole? {
    if F.self == ParametricRectifier.self { return index == 1 ? .scale : nil }
    guard shape.count > 1 else { return nil }
    if F.self == Sum.self || F.self == Difference.self { return .bias }
    return F.self == Product.self || F.self == Quotient.self ? .scale : nil
  }
}

extension MatMul: LearningLayer {
  func role(ofConstant shape: Shape, atInput index: Int) -> ParameterRole? {
    shape.count > 1 ? .weight : nil
  }
}

extension LayerGraph {
  /// Constants that are parameters of the layers that read them, and what they do there.
  ///
  /// Graphs keep parameters that no layer holds itself in the same way as the numbers of formulas and
  /// the preprocessing of pixels. Biases, factors and slopes are parameters where they meet what
  /// weights have been applied to before, and matrices anywhere, if nothing reads them that takes
  /// them for something else. Of several numbers nobody can tell whether they were learned: a mask
  /// that is added is taken for a bias.
  var learnedConstants: [LayerName: ParameterRole] {
    let constants = Set(nodes.lazy.filter { $0.layer is Constant }.map(\.name))
    var roles: [LayerName: ParameterRole] = [:]
    var others: Set<LayerName> = []
    /// Layers with weights, and all that depend on them.
    var weighted: Set<LayerName> = []
    for node in nodes {
      var isWeighted =
        node.layer is any TrainableLayer || node.inputs.contains(where: weighted.contains)
      for (index, input) in node.inputs.enumerated() where constants.contains(input) {
        let role = (node.layer as? any LearningLayer)?.role(
          ofConstant: shapes[input] ?? [], atInput: index)
        if let role, isWeighted || role == .weight {
          roles[input] = roles[input] ?? role
          isWeighted = true
        } else {
          others.insert(input)
        }
      }
      if isWeighted { weighted.insert(node.name) }
    }
    return roles.filter { !others.contains($0.key) }
  }
}

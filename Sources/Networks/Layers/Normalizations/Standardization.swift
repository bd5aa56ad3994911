import Kernels
import Tensors

/// The work of a layer that brings groups of elements to mean 0 and variance 1, each picture by its
/// own statistics, and then scales and shifts by its parameters, in this order.
struct Standardization {
  /// What is normalised together.
  let grouping: Grouping
  /// The input as it is seen while parameters are laid over it by NumPy's rules.
  let subject: Shape
  /// Each parameter as it is seen then.
  let parameters: [Shape]
  let epsilon: Float

  func forward(_ site: Site, into plan: inout PlanBuilder) {
    let input = site.inputs[0]
    let statistics: Shape = [grouping.count]
    let (mean, variance) = (plan.makeSlot(statistics), plan.makeSlot(statistics))
    let standard = plan.makeSlot(input.shape)
    plan.emit(Moments(input: input, mean: mean, variance: variance, grouping: grouping))
    plan.emit(
      Standardize(
        input: input, mean: mean, variance: variance, output: standard, grouping: grouping,
        epsilon: epsilon))
    plan.save(standard, for: site)
    plan.save(variance, for: site)
    let output = site.output.reshaped(to: subject)
    let operands = zip(site.parameters, parameters).map { $0.reshaped(to: $1) }
    plan.emit(
      Broadcast<Product>(
        first: standard.reshaped(to: subject), second: operands[0], output: output))
    if operands.count > 1 {
      plan.emit(Broadcast<Sum>(first: output, second: operands[1], output: output))
    }
  }

  func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site).reshaped(to: subject)
    let (standard, variance) = (site.saved[0].reshaped(to: subject), site.saved[1])
    let operands = zip(site.parameters, parameters).map { $0.reshaped(to: $1) }
    if plan.wantsCotangent(ofInput: 0, of: site) {
      let scaled = plan.makeSlot(subject)
      plan.emit(
        BroadcastPullback<Product>(
          outputCotangent: cotangent, first: standard, second: operands[0],
          inputCotangent: scaled, side: .first, accumulates: false))
      plan.contribute(to: 0, of: site) { target, accumulates in
        StandardizePullback(
          outputCotangent: scaled, output: standard, variance: variance, inputCotangent: target,
          grouping: grouping, epsilon: epsilon, accumulates: accumulates)
      }
    }
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      BroadcastPullback<Product>(
        outputCotangent: cotangent, first: standard, second: operands[0],
        inputCotangent: target.reshaped(to: parameters[0]), side: .second, accumulates: accumulates)
    }
    guard operands.count > 1 else { return }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      BroadcastPullback<Sum>(
        outputCotangent: cotangent, first: standard, second: operands[1],
        inputCotangent: target.reshaped(to: parameters[1]), side: .second, accumulates: accumulates)
    }
  }
}

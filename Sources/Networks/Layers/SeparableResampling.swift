import Kernels
import Tensors

/// Axes resampled one after the other: the steps of layers whose outputs along each axis are
/// weighted sums of inputs along it.
struct SeparableResampling {
  private let passes: [(axis: Int, taps: AxisTaps)]

  /// One entry for each axis that changes. Those that shrink come first, so that nothing between is
  /// larger than both input and output.
  init(_ passes: [(axis: Int, taps: AxisTaps)]) {
    func growth(_ taps: AxisTaps) -> Double { Double(taps.outputs) / Double(taps.inputs) }
    self.passes = passes.sorted { growth($0.taps) < growth($1.taps) }
  }

  func forward(_ site: Site, into plan: inout PlanBuilder) {
    guard !passes.isEmpty else { return plan.view(site) }
    var value = site.inputs[0]
    for (index, pass) in passes.enumerated() {
      let isLast = index == passes.count - 1
      let output =
        isLast
        ? site.output : plan.makeSlot(value.shape.replacing(pass.axis, with: pass.taps.outputs))
      plan.emit(Resampling(input: value, output: output, axis: pass.axis, taps: pass.taps))
      value = output
    }
  }

  func backward(_ site: Site, into plan: inout PlanBuilder) {
    guard let first = passes.first else { return plan.contributeView(of: site) }
    var cotangent = plan.cotangent(of: site)
    for pass in passes.dropFirst().reversed() {
      let target = plan.makeSlot(cotangent.shape.replacing(pass.axis, with: pass.taps.inputs))
      plan.emit(
        Resampling(
          input: cotangent, output: target, axis: pass.axis, taps: pass.taps.transposed))
      cotangent = target
    }
    plan.contribute(to: 0, of: site) { target, accumulates in
      Resampling(
        input: cotangent, output: target, axis: first.axis, taps: first.taps.transposed,
        accumulates: accumulates)
    }
  }
}

extension Shape {
  /// The same shape with another extent along one axis.
  fileprivate func replacing(_ axis: Int, with extent: Int) -> Shape {
    var extents = extents
    extents[axis] = extent
    return Shape(extents)
  }
}

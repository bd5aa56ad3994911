import Kernels

/// Where parameters lie that change from pass to pass, beside the memory of plans.
struct TrainedPlaces {
  /// What plans read in place of constants.
  var values: [ParameterName: Operand] = [:]
  /// Where gradients of some of `values` go; the others have none.
  var gradients: [ParameterName: Operand] = [:]
  /// Where a pass in training leaves the new values of statistics.
  var updates: [ParameterName: Operand] = [:]
  /// Layers that compute as in inference whatever the pass is for.
  var frozen: Set<LayerName> = []
}

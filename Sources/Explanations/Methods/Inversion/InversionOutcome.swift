/// What an inversion came to.
struct InversionOutcome {
  enum Ending { case complete, collapsed, nonFinite, notConverged }

  /// The weights and their mask; for a mask that collapsed, the last that did not.
  var weights: [Double]
  var mask: MaskModel.Mask
  /// The loss of every step of each stage.
  var inversionLosses: [Double]
  var losses: [Double]
  var film: MaskFilm
  var ending: Ending
  /// Where the loss goes through the softmax: the largest slope of a probability over all steps of the
  /// second stage and both composites. Near zero, there was nothing to go by.
  var steepness: Double?
}

import Boundaries
import Networks

extension Diagnostics {
  /// What a search for the nearest boundary point reports: distances in pixel units, the class that ties
  /// with the fact, margins, and its cost.
  init(of outcome: BoundaryOutcome) {
    let effort = outcome.effort
    self.init(
      forwardPasses: effort.forwards + effort.gradients, backwardPasses: effort.gradients)
    if let distance = outcome.distance { values["distance"] = distance }
    guard let point = outcome.point else { return }
    values.merge([
      "l2": point.l2, "linf": point.linf, "meanAbsolute": point.meanAbsolute,
      "foil": Double(point.foil), "margin": Double(point.margin),
      "startMargin": Double(point.startMargin), "thirdClassGap": Double(point.thirdClassGap),
    ]) { $1 }
    values["optimalityResidual"] = point.optimalityResidual
    series["startDistances"] = point.startDistances
    notes = ["side": point.side.rawValue, "foundBy": point.foundBy]
  }
}

import Networks
import Tensors

extension ProjectionSearch {
  /// For pairs: points at which fact and foil tie and third classes are held back, one for each site at
  /// most, found within what is left of its budget. Exits at which a third class leads are taken away,
  /// and those that such a point is nearer than.
  func corners(
    _ exits: inout [Crossing.Exit], _ lanes: [ProjectionLane], _ survey: Survey
  ) -> [Crossing.Exit] {
    let overtaken = exits.filter { !TieModel.leads($0.logits, survey.sites[$0.site]) }
    exits.removeAll { !TieModel.leads($0.logits, survey.sites[$0.site]) }
    var ways = lanes.filter { !$0.model.thirds.isEmpty }.flatMap { lane in
      (lane.stops.isEmpty ? [lane.point] : lane.stops.map(\.point)).map {
        TieApproach(lane.site, at: $0, model: lane.model, origin: lane.origin)
      }
    }
    ways += overtaken.map { TieApproach($0.site, at: $0.point, origin: $0.origin) }
    TieApproach.settle(&ways, in: survey)
    var nearest: [Int: Double] = [:]
    for exit in exits { nearest[exit.site] = min(exit.distance, nearest[exit.site] ?? .infinity) }
    // The nearest of each site, or the first where none has settled.
    var chosen: [TieApproach] = []
    for site in Set(ways.map(\.site)).sorted() {
      let own = ways.filter { $0.site == site }
      let best = own.filter { $0.exit != nil }.min {
        ($0.exit?.distance ?? .infinity) < ($1.exit?.distance ?? .infinity)
      }
      let distance = best?.exit?.distance ?? .infinity
      guard distance < nearest[site] ?? .infinity || nearest[site] == nil else { continue }
      chosen += [best ?? own[0]]
    }
    TieApproach.tighten(&chosen, in: survey) { _ in gradients - 1 }
    let corners = chosen.compactMap(\.exit)
    exits.removeAll { exit in
      corners.contains { $0.site == exit.site && $0.distance <= exit.distance }
    }
    return corners
  }
}

import Networks
import Tensors

/// Points beyond the boundary of a network whose activations are saturated: by way of flattened networks
/// that have slopes where the network itself has none.
///
/// Every saturating activation φ(u) becomes φ(u / s), the factor of each layer just so large that all of
/// its elements have a usable slope at the start, biases included, the layers before it being flattened
/// already. From there the factors shrink to 1 by equal ratios. In each of these networks the start is
/// projected on linear models of the boundary, from where the one before ended; the last is near to the
/// boundary of the network itself, and the segments to all of them are followed to where that changes its
/// decision. So nothing but forward passes of the network itself says where its boundary is.
///
/// Yousefzadeh, O'Leary: Deep Learning Interpretation: Flip Points and Homotopy Methods, 2020 (PMLR 107).
/// Theirs also moves the output's bias so that fact and foil tie at the start in the first network, since
/// the solver wants to begin on the boundary. Projections do not; and a bias which makes all classes tie
/// hides which of them is near, and spends the first steps close to the start, where the boundary does not
/// stay: on grown networks it found fewer points, at larger distances. Where a flattened network prefers
/// the foil at the start, its path waits there until that is over, as it is in the end: then the
/// boundary passes by the start without any bias.
struct Homotopy {
  let survey: Survey
  /// Flattened networks, at least 1.
  let steps: Int
  /// How many of the best other classes are looked at, at most.
  let rivals: Int

  /// The least slope of a flattened activation at the start.
  private static let slope: Float = 0.01
  /// How much of a gradient enters the average.
  private static let weight: Float = 0.5
  /// Gradients in each network for a further class to be pursued.
  private static let stride = 4

  /// The way toward one class.
  private struct Path {
    let site: Int
    let rival: ClassIndex
    /// Gradients in each network.
    let pace: Int
    /// Gradients left for all of them.
    var left: Int
    var lane: ProjectionLane
    /// The place as the network of this step sees it.
    var face: Site
    var taken = 0

    var walks: Bool {
      taken < pace && left > 0 && !lane.isConverged && face.startMargin > 0
    }

    /// Goes on in another network, with these scores at the start.
    mutating func begin(_ logits: [Float]) {
      face = face.facing(rival, logits: logits)
      taken = 0
      if face.startMargin > 0 {
        lane.renew()
      } else {
        lane = ProjectionLane(site: site, rival: rival, origin: lane.origin, from: face.start)
      }
    }

    /// Goes half of the way only: where several layers saturate, the pixels that seem steepest are others
    /// after each step, and whole steps would go to and fro between corners of the bounds.
    mutating func advance(_ slope: Survey.Slope) {
      let before = lane.point
      lane.advance(slope, of: face, weight: Homotopy.weight)
      lane.halveStep(from: before)
      taken += 1
      left -= 1
    }
  }

  /// The nearest exit of each path, each site's paths within its number of gradients. None for sites at
  /// which nothing is saturated, or where no path leaves the region. Traps for a model that is not
  /// relaxable.
  func exits(for sites: [Int], gradients: [Int]) -> [Crossing.Exit] {
    // One network for all that are flattened alike.
    var order: [Flattening] = []
    var groups: [Flattening: [(site: Int, gradients: Int)]] = [:]
    let flattenings = survey.flattenings(for: sites, slope: Self.slope)
    for (place, flattening) in flattenings.enumerated()
    where !flattening.isNone && gradients[place] >= 2 {
      if groups[flattening] == nil { order.append(flattening) }
      groups[flattening, default: []].append((sites[place], gradients[place]))
    }
    let rays = order.flatMap { walked(groups[$0] ?? [], $0) }
    var nearest: [String: Crossing.Exit] = [:]
    for case let exit? in Crossing().exits(of: rays, in: survey) {
      let key = "\(exit.site) \(exit.origin)"
      if exit.distance < nearest[key]?.distance ?? .infinity { nearest[key] = exit }
    }
    return nearest.values.sorted {
      ($0.site, $0.distance, $0.origin) < ($1.site, $1.distance, $1.origin)
    }
  }

  /// Where the paths of these sites are at the end of each step.
  private func walked(
    _ members: [(site: Int, gradients: Int)], _ flattening: Flattening
  ) -> [Crossing.Ray] {
    var paths: [Path] = []
    var rays: [Crossing.Ray] = []
    for step in 0..<steps {
      let flat = survey.flattened(by: flattening.eased(to: 1 - Float(step) / Float(steps)))
      if step == 0 { paths = ranked(members, flat) }
      let rows = flat.logits(at: paths.map { .init($0.site, $0.face.start) })
      for place in paths.indices { paths[place].begin(rows[place]) }
      while true {
        let live = paths.indices.filter { paths[$0].walks }
        if live.isEmpty { break }
        let slopes = flat.slopes(at: live.map { .init(paths[$0].site, paths[$0].lane.point) }) {
          probe, _ in paths[live[probe]].face.seed(over: paths[live[probe]].rival)
        }
        for (place, slope) in zip(live, slopes) { paths[place].advance(slope) }
      }
      for path in paths where path.lane.point != path.face.start {
        rays.append(.init(site: path.site, end: path.lane.point, origin: path.lane.origin))
      }
      survey.charge(flat)
    }
    return rays
  }

  /// Paths toward the classes that are nearest by their linear models in the first network.
  private func ranked(
    _ members: [(site: Int, gradients: Int)], _ flat: Survey
  ) -> [Path] {
    let pairs = members.flatMap { member in
      survey.sites[member.site].rivals(min(rivals, max(1, member.gradients / 3)))
        .map { (site: member.site, rival: $0) }
    }
    let slopes = flat.slopes(at: pairs.map { .init($0.site, survey.sites[$0.site].start) }) {
      probe, _ in survey.sites[pairs[probe].site].seed(over: pairs[probe].rival)
    }
    var reaches: [Int: [(reach: Double, rival: ClassIndex)]] = [:]
    for ((index, rival), slope) in zip(pairs, slopes) {
      let site = survey.sites[index]
      let reach =
        Double(site.margin(slope.logits, over: rival)) / site.norm.dual.length(of: slope.gradient)
      if reach.isFinite { reaches[index, default: []].append((reach, rival)) }
    }
    return members.flatMap { member in
      let left = member.gradients - flat.effort[member.site].gradients
      let count = max(1, left / (Self.stride * steps))
      let order = (reaches[member.site] ?? []).enumerated()
        .sorted { ($0.element.reach, $0.offset) < ($1.element.reach, $1.offset) }
      return order.prefix(count).map { entry in
        let site = survey.sites[member.site]
        let rival = entry.element.rival
        return Path(
          site: member.site, rival: rival, pace: max(1, left / count / steps), left: left / count,
          lane: ProjectionLane(
            site: member.site, rival: rival, origin: "homotopy, toward class \(rival)",
            from: site.start),
          face: site)
      }
    }
  }
}

import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ProjectionSearch {
  /// What is kept of the budget for the end: the plain projections, and the gradient of the
  /// certificate.
  var reserve: Int { gradients >= 20 ? 3 : 1 }

  /// The nearest classes of each site by their linear models at the start, each a lane that has taken
  /// its first step. Classes without a slope are left out.
  func ranked(_ sites: [Int], _ survey: Survey) -> [ProjectionLane] {
    let pairs = sites.flatMap { site in
      survey.sites[site].rivals(min(rivals, max(1, gradients / 4))).map { (site, $0) }
    }
    let slopes = survey.slopes(at: pairs.map { .init($0.0, survey.sites[$0.0].start) }) {
      probe, _ in survey.sites[pairs[probe].0].seed(over: pairs[probe].1)
    }
    var bySite: [Int: [(reach: Double, lane: ProjectionLane)]] = [:]
    for ((index, rival), slope) in zip(pairs, slopes) {
      let site = survey.sites[index]
      var lane = ProjectionLane(
        site: index, rival: rival, origin: "toward class \(rival)", from: site.start,
        holdsThirds: site.foil != nil)
      lane.advance(slope, of: site, weight: 1)
      guard !lane.isConverged else { continue }
      bySite[index, default: []].append((site.distance(lane.point), lane))
    }
    return sites.flatMap { site in
      let order = (bySite[site] ?? []).enumerated()
        .sorted { ($0.element.reach, $0.offset) < ($1.element.reach, $1.offset) }
      let left = gradients - survey.effort[site].gradients - reserve
      return order.prefix(min(starts, max(1, left / 16))).map(\.element.lane)
    }
  }

  /// Lanes that go on from points that were found otherwise.
  func restarted(_ exits: [Crossing.Exit], _ survey: Survey) -> [ProjectionLane] {
    let sites = Set(exits.map(\.site)).sorted()
    return sites.flatMap { site in
      exits.filter { $0.site == site }.enumerated()
        .sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
        .prefix(starts).map { entry in
          ProjectionLane(
            site: site, rival: survey.sites[site].foil, origin: entry.element.origin,
            from: entry.element.point, holdsThirds: survey.sites[site].foil != nil)
        }
    }
  }

  /// How long the lanes of one site walk: so many of them until each has taken so many steps.
  private struct Plan {
    var rounds: [(lanes: Int, steps: Int)] = []
    var lanes: [Int]
    /// Steps of the last lane that is left.
    let length: Int

    init(_ lanes: [Int], steps taken: Int, budget: Int) {
      self.lanes = lanes
      var (count, left, steps) = (lanes.count, max(0, budget), taken)
      while count > 1 {
        let each = left / 2 / count
        steps += each
        left -= each * count
        rounds.append((count, steps))
        count /= 2
      }
      length = steps + left
      rounds.append((1, length))
    }
  }

  /// How much of a lane's next gradient enters its average.
  private func weight(_ steps: Int, of length: Int) -> Float {
    let (first, count) = (Double(firstWeight), Double(max(length, 1)))
    let last = min(max(1 / count, 0.02), min(0.08, first))
    let value: Double = first * pow(last / first, Double(steps) / count)
    return Float(value)
  }

  /// Walks all lanes of all sites, each site within its budget.
  func run(_ lanes: inout [ProjectionLane], in survey: Survey) {
    var plans: [Int: Plan] = [:]
    for site in Set(lanes.map(\.site)) {
      let own = lanes.indices.filter { lanes[$0].site == site }
      plans[site] = Plan(
        own, steps: lanes[own[0]].steps,
        budget: gradients - survey.effort[site].gradients - reserve)
    }
    let order = plans.keys.sorted()
    while true {
      var live: [Int] = []
      for site in order {
        guard var plan = plans[site] else { continue }
        var own: [Int] = []
        while own.isEmpty, let round = plan.rounds.first {
          own = plan.lanes.filter {
            !lanes[$0].isConverged && lanes[$0].steps < round.steps - lanes[$0].reserve
          }
          guard own.isEmpty else { break }
          plan.rounds.removeFirst()
          guard let next = plan.rounds.first else { break }
          let best = plan.lanes.sorted { (lanes[$0].score, $0) < (lanes[$1].score, $1) }
          plan.lanes = Array(best.prefix(next.lanes))
        }
        plans[site]?.rounds = plan.rounds
        plans[site]?.lanes = plan.lanes
        live += own
      }
      if live.isEmpty { return }
      let slopes = survey.slopes(at: live.map { .init(lanes[$0].site, lanes[$0].point) }) {
        let lane = lanes[live[$0]]
        let site = survey.sites[lane.site]
        return lane.condition(at: $1, of: site).seed(site, lane.rival(at: $1, of: site))
      }
      for (index, slope) in zip(live, slopes) {
        let lane = lanes[index]
        lanes[index].advance(
          slope, of: survey.sites[lane.site],
          weight: weight(lane.steps, of: plans[lane.site]?.length ?? 1))
      }
    }
  }

  /// The nearest points of the lanes that hold no class back, brought onto the boundary: three of the best lane of each site, one
  /// of each other.
  func exits(of lanes: [ProjectionLane], in survey: Survey) -> [Crossing.Exit] {
    var best: [Int: Int] = [:]
    let free = lanes.indices.filter { lanes[$0].model.thirds.isEmpty }
    for index in free {
      let site = lanes[index].site
      if lanes[index].score < best[site].map({ lanes[$0].score }) ?? .infinity {
        best[site] = index
      }
    }
    let rays = free.flatMap { index in
      lanes[index].stops.prefix(best[lanes[index].site] == index ? 3 : 1).map { stop in
        Crossing.Ray(
          site: lanes[index].site, end: stop.point, origin: lanes[index].origin,
          margin: stop.margin, race: index)
      }
    }
    // Of a lane's own points only the nearest counts as where it ended.
    var nearest: [String: Crossing.Exit] = [:]
    var order: [String] = []
    for case let exit? in Crossing().exits(of: rays, in: survey) {
      let key = "\(exit.site) \(exit.origin)"
      if nearest[key] == nil { order.append(key) }
      if exit.distance < nearest[key]?.distance ?? .infinity { nearest[key] = exit }
    }
    return order.compactMap { nearest[$0] }
  }

  /// Tries plain projections from the nearest point of each site, as long as they lead nearer and the
  /// budget lasts.
  func polish(_ exits: inout [Crossing.Exit], in survey: Survey) {
    var best: [Int: Int] = [:]
    for index in exits.indices {
      let site = exits[index].site
      if exits[index].distance < best[site].map({ exits[$0].distance }) ?? .infinity {
        best[site] = index
      }
    }
    var open = best.keys.sorted()
    while true {
      open = open.filter { survey.effort[$0].gradients < gradients - 1 }
      if open.isEmpty { return }
      let places = open.compactMap { best[$0] }
      let slopes = survey.slopes(at: places.map { .init(exits[$0].site, exits[$0].point) }) {
        let site = survey.sites[exits[places[$0]].site]
        return site.seed(over: site.rival(in: $1))
      }
      var rays: [Crossing.Ray] = []
      for (place, slope) in zip(places, slopes) {
        let exit = exits[place]
        let site = survey.sites[exit.site]
        guard let residual = Optimality.residual(slope.gradient, at: exit.point, of: site),
          residual > 1e-9
        else { continue }
        for normal in [slope.gradient, tilted(slope.gradient, toward: exit.point, of: site)] {
          guard let normal else { continue }
          let value = VectorSums.dot(normal, site.start) - VectorSums.dot(normal, exit.point)
          let end = CutProjection(site: site, normal: normal).point(value: value)
          guard end.reaches, end.point != site.start else { continue }
          rays.append(
            .init(
              site: exit.site, end: end.point, origin: exit.origin,
              limit: exit.distance * (1 - 1e-7), race: place))
        }
      }
      var improved: Set<Int> = []
      for case let exit? in Crossing().exits(of: rays, in: survey) {
        guard let place = best[exit.site] else { continue }
        if exit.distance < exits[place].distance * (1 - 1e-7),
          TieModel.leads(exit.logits, survey.sites[exit.site])
        {
          exits[place] = exit
          improved.insert(exit.site)
        }
      }
      open = open.filter(improved.contains)
    }
  }

  /// A normal between the gradient and the displacement, nearer to the latter; nil where the norm is not
  /// Euclidean, whose displacements are no normals.
  private func tilted(_ gradient: Tensor, toward point: Tensor, of site: Site) -> Tensor? {
    let length = site.distance(point)
    guard site.norm == .l2, length > 0 else { return nil }
    let scale = Float(-Norm.l2.length(of: gradient) / length)
    return gradient.blended(with: scale * (point - site.start), 0.7)
  }
}

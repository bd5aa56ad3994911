import Networks
import Tensors

/// A way to where two classes tie and lead together, from near there.
///
/// The nearest tie of two classes may lie in the region of a third. The start is projected on what must hold
/// (`TieModel`) as it stands at the present point, and so on until all of it holds. `settle` does so by forward
/// passes alone, with normals as they are; `tighten` learns the normals where it stands and settles, for
/// as long as that leads nearer. Exact in one step for linear scores. The norm is Euclidean, whatever
/// the query's is.
struct TieApproach {
  let site: Int
  let origin: String
  private(set) var point: Tensor
  /// Scores at the point, once they are known.
  private(set) var logits: [Float]?
  private(set) var model: TieModel
  /// The nearest point at which all holds.
  private(set) var exit: Crossing.Exit?
  private var isStuck = false

  init(_ site: Int, at point: Tensor, model: TieModel = TieModel(), origin: String) {
    self.site = site
    self.point = point
    self.model = model
    self.origin = origin
  }

  /// Forward passes of one settling.
  private static let passes = 16

  /// Follows the normals until all conditions hold, some class without a normal leads, or nothing is
  /// gained.
  static func settle(_ ways: inout [TieApproach], in survey: Survey) {
    struct Walk {
      var best = Double.infinity
      var worse = 0
      var isDone = false
    }
    var walks = ways.map { _ in Walk() }
    for _ in 0..<passes {
      let live = ways.indices.filter { !walks[$0].isDone }
      if live.isEmpty { return }
      let rows = survey.logits(at: live.map { .init(ways[$0].site, ways[$0].point) })
      for (index, logits) in zip(live, rows) {
        let site = survey.sites[ways[index].site]
        walks[index].isDone = true
        ways[index].logits = logits
        guard let foil = site.foil, logits.allSatisfy(\.isFinite) else { continue }
        if TieModel.holds(logits, site) {
          ways[index].offer(logits, site)
          continue
        }
        let isKnown = ways[index].model.leaders(logits, site, foil).isEmpty
        let violation = ways[index].model.violations(logits, site, foil).max() ?? 0
        if violation < walks[index].best * 0.9 {
          walks[index].best = violation
          walks[index].worse = 0
        } else {
          walks[index].worse += 1
        }
        guard isKnown, walks[index].worse < 4,
          let next = ways[index].model.projection(
            from: ways[index].point, logits, of: site, foil: foil)
        else { continue }
        ways[index].point = next
        walks[index].isDone = false
      }
    }
  }

  /// Learns the normals afresh and settles, until that leads no nearer or the gradients are spent:
  /// each site's ways within `limit`, counted from what the survey has spent.
  static func tighten(
    _ ways: inout [TieApproach], in survey: Survey, upTo limit: (_ site: Int) -> Int
  ) {
    while true {
      var spent: [Int: Int] = [:]
      var live: [Int] = []
      for index in ways.indices where !ways[index].isStuck {
        let site = ways[index].site
        let cost = ways[index].conditions(survey.sites[site]).count
        let total = survey.effort[site].gradients + spent[site, default: 0] + cost
        guard total <= limit(site) else { continue }
        spent[site, default: 0] += cost
        live.append(index)
      }
      if live.isEmpty { return }
      let probes = live.flatMap { index in
        ways[index].conditions(survey.sites[ways[index].site]).map { (index, $0) }
      }
      let slopes = survey.slopes(at: probes.map { .init(ways[$0.0].site, ways[$0.0].point) }) {
        probe, _ in
        let (index, condition) = probes[probe]
        let site = survey.sites[ways[index].site]
        return condition.seed(site, site.foil ?? 0)
      }
      for ((index, condition), slope) in zip(probes, slopes) where slope.gradient.isFinite {
        ways[index].logits = slope.logits
        ways[index].model.learn(slope.gradient, of: condition)
      }
      var moved = live.map { index in
        var way = ways[index]
        let site = survey.sites[way.site]
        if let foil = site.foil, let logits = way.logits,
          let next = way.model.projection(from: way.point, logits, of: site, foil: foil)
        {
          way.point = next
        }
        return way
      }
      settle(&moved, in: survey)
      for (index, way) in zip(live, moved) {
        let before = ways[index].exit?.distance
        ways[index] = way
        if let before {
          // An exit that no step leads nearer than is where the way ends.
          let after = way.exit?.distance ?? .infinity
          ways[index].isStuck = after >= before * (1 - 1e-6)
        }
      }
    }
  }

  /// What gradients are needed of where it stands.
  private func conditions(_ site: Site) -> [TieModel.Condition] {
    guard let foil = site.foil, let logits else { return model.conditions }
    return model.conditions + model.leaders(logits, site, foil).map { .third($0) }
  }

  private mutating func offer(_ logits: [Float], _ site: Site) {
    let distance = site.distance(point)
    guard distance < exit?.distance ?? .infinity else { return }
    exit = Crossing.Exit(
      site: self.site, point: point, logits: logits, distance: distance, origin: origin)
  }
}

import Tensors

/// Random points beyond the boundary, for sites whose gradients lead nowhere: found by forward passes
/// alone.
///
/// Normal noise around the start doubles, within the bounds, until the decision changes.
struct Scatter {
  /// Directions for each site.
  var directions = 8

  /// Just beyond the boundary on each direction that meets one.
  func exits(for sites: [Int], in survey: Survey) -> [Crossing.Exit] {
    Crossing().exits(of: rays(for: sites, in: survey), in: survey).compactMap(\.self)
  }

  /// The first point of each direction at which the decision has changed, by labels alone.
  func rays(for sites: [Int], in survey: Survey) -> [Crossing.Ray] {
    var rays: [Crossing.Ray] = []
    var open = sites.flatMap { site in
      let random = CounterRandom(seed: survey.sites[site].seed, stream: RandomStream.scatter)
      return (0..<directions).map { number in
        (site, number, random.normal(survey.sites[site].start.shape, sample: number))
      }
    }
    for power in -8...12 where !open.isEmpty {
      let probes = open.map { site, _, direction in
        let place = survey.sites[site]
        let size = Float(sign: .plus, exponent: power, significand: 1)
        return Survey.Probe(
          site, (place.start + size * direction).clamped(place.lower, place.upper))
      }
      let rows = survey.logits(at: probes)
      let isBeyond = zip(probes, rows).map { survey.sites[$0.site].margin($1) < 0 }
      for (place, probe) in probes.enumerated() where isBeyond[place] {
        rays.append(
          .init(site: probe.site, end: probe.point, origin: "random start \(open[place].1 + 1)"))
      }
      open = open.indices.filter { !isBeyond[$0] }.map { open[$0] }
    }
    return rays
  }
}

/// Streams of random numbers, so that no two uses of a query's seed see the same ones.
enum RandomStream {
  static let scatter: UInt32 = 0xB0
  static let ascent: UInt32 = 0xB1
  static let labels: UInt32 = 0xB2
}

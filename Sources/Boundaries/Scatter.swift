import Tensors

/// Random points beyond the boundary, for sites whose gradients lead nowhere: found by forward passes
/// alone.
///
/// Changes in random directions double, within the bounds, until the decision changes. Every other
/// direction is normal noise; the rest are the same for all pixels of a channel, since networks of
/// pictures often average noise away.
struct Scatter {
  /// Directions for each site.
  var directions = 16

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
        (site, number, direction(number, survey.sites[site].start.shape, random))
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

  private func direction(_ number: Int, _ shape: Shape, _ random: CounterRandom) -> Tensor {
    if number % 2 == 0 || shape.rank < 4 || shape[2] * shape[3] < 16 {
      return random.normal(shape, sample: number)
    }
    let colors = random.normal([shape[1]], sample: number)
    let plane = shape[2] * shape[3]
    return Tensor((0..<shape.count).map { colors[$0 / plane] }, shape: shape)
  }
}

/// Streams of random numbers, so that no two uses of a query's seed see the same ones.
enum RandomStream {
  static let scatter: UInt32 = 0xB0
  static let ascent: UInt32 = 0xB1
  static let labels: UInt32 = 0xB2
}

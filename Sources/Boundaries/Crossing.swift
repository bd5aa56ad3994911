import Tensors

/// Where rays from the start leave the fact's region: the boundary, found by forward passes alone.
///
/// All rays are followed at once. A ray that ends inside is followed on, up to four times its length; then
/// the bracket shrinks by false position, by halves where that is slow, until the point just beyond
/// is as near to the boundary as asked, or as the last bits of the scores tell.
struct Crossing {
  /// A ray through `end`, whose margin there may be known.
  struct Ray {
    let site: Int
    let end: Tensor
    /// Of the search's start that led here.
    var origin: String = ""
    /// The margin at the end over any class, as `Site.margin`.
    var margin: Float?
    /// The ray is given up where it leads no nearer than this.
    var limit = Double.infinity
    /// Of rays in the same race, only the nearest exit matters: the others are given up.
    var race: Int?
  }

  /// A point just beyond the boundary.
  struct Exit {
    let site: Int
    let point: Tensor
    let logits: [Float]
    let distance: Double
    let origin: String
  }

  /// How small the margin beyond must be, as a part of the margin at the start.
  var tolerance = 1e-6
  /// Forward passes for each ray.
  var limit = 48

  private struct Bracket {
    var inside = 0.0, beyond = Double.infinity
    var insideMargin: Double, beyondMargin = 0.0
    /// Margins as false position weighs them: halved where one side stays.
    var insideWeight: Double, beyondWeight = 0.0
    var lastSide = 0
    var next: Double
    var exit: (point: Tensor, logits: [Float])?
    var count = 0
    var isDone = false
  }

  /// The exit of each ray; nil where it does not leave the region, or was given up.
  func exits(of rays: [Ray], in survey: Survey) -> [Exit?] {
    var brackets = rays.map { ray in
      let margin = Double(survey.sites[ray.site].startMargin)
      var bracket = Bracket(insideMargin: margin, insideWeight: margin, next: 1)
      if let known = ray.margin.map(Double.init), known > 0, known < margin {
        bracket.inside = 1
        bracket.insideMargin = known
        bracket.insideWeight = known
        bracket.next = min(1.02 * margin / (margin - known), 2)
      }
      return bracket
    }
    let lengths = rays.map { survey.sites[$0.site].distance($0.end) }
    while true {
      giveUp(&brackets, rays, lengths)
      let live = brackets.indices.filter { !brackets[$0].isDone }
      if live.isEmpty { break }
      let points = live.map { survey.sites[rays[$0].site].between(rays[$0].end, brackets[$0].next) }
      let rows = survey.logits(at: zip(live, points).map { .init(rays[$0].site, $1) })
      for (place, index) in live.enumerated() {
        advance(
          &brackets[index], points[place], rows[place], survey.sites[rays[index].site])
      }
    }
    return zip(rays, brackets).map { ray, bracket in
      bracket.exit.map { exit in
        Exit(
          site: ray.site, point: exit.point, logits: exit.logits,
          distance: survey.sites[ray.site].distance(exit.point), origin: ray.origin)
      }
    }
  }

  /// Ends rays whose exits can only be farther than what is known otherwise.
  private func giveUp(_ brackets: inout [Bracket], _ rays: [Ray], _ lengths: [Double]) {
    var nearest: [Int: Double] = [:]
    for (index, ray) in rays.enumerated() {
      guard let race = ray.race, brackets[index].exit != nil else { continue }
      nearest[race] = min(nearest[race] ?? .infinity, brackets[index].beyond * lengths[index])
    }
    for (index, ray) in rays.enumerated() {
      let limit = min(ray.limit, ray.race.flatMap { nearest[$0] } ?? .infinity)
      // Beyond its end, a ray may meet bounds and grow no longer.
      guard min(brackets[index].inside, 1) * lengths[index] >= limit else { continue }
      brackets[index].isDone = true
      brackets[index].exit = nil
    }
  }

  private func advance(
    _ bracket: inout Bracket, _ point: Tensor, _ logits: [Float], _ site: Site
  ) {
    let rival = site.rival(in: logits)
    let margin = Double(site.margin(logits, over: rival))
    let scale = Double(site.startMargin)
    bracket.count += 1
    if margin < 0 {
      bracket.beyond = bracket.next
      bracket.beyondMargin = margin
      bracket.beyondWeight = margin
      if bracket.lastSide == -1 { bracket.insideWeight /= 2 }
      bracket.lastSide = -1
      bracket.exit = (point, logits)
    } else {
      // What is no number counts as inside.
      bracket.inside = bracket.next
      bracket.insideMargin = margin.isFinite ? margin : scale
      bracket.insideWeight = bracket.insideMargin
      if bracket.lastSide == 1 { bracket.beyondWeight /= 2 }
      bracket.lastSide = 1
    }
    let (low, high) = (bracket.inside, bracket.beyond)
    guard high.isFinite else {
      // Secant through start and end, a little further.
      let fallen = scale - bracket.insideMargin
      let secant = fallen > 0 ? low * scale / fallen * 1.02 : .infinity
      bracket.next = min(max(secant, low * 1.05), low * 2)
      bracket.isDone = low >= 4 || bracket.count >= limit
      return
    }
    let scores = max(logits[site.fact].magnitude, logits[rival].magnitude)
    let grain = scores.isFinite ? Double(2 * scores.ulp) : 0
    bracket.isDone =
      -bracket.beyondMargin <= max(tolerance * scale, grain) || high - low <= 1e-7 * high
      || bracket.count >= limit
    let share = bracket.insideWeight / (bracket.insideWeight - bracket.beyondWeight)
    let middle = bracket.count % 6 == 5 ? 0.5 : min(max(share, 0.01), 0.99)
    // A little towards the far side, where the answer must lie.
    bracket.next = low + (high - low) * min(middle + 0.02 * (1 - middle), 0.995)
  }
}

import Networks
import Tensors

/// The seam that every search passes: what may be searched at all, and what may be told of it.
struct BoundaryInspection {
  private let queries: [BoundaryQuery]
  private let model: any Classifier
  private let survey: Survey

  init(_ queries: [BoundaryQuery], of model: any Classifier) {
    self.queries = queries
    self.model = model
    survey = Survey(queries.map(Site.init), of: model)
  }

  func outcomes(of search: some BoundarySearch) -> [BoundaryOutcome] {
    var status = begin()
    let live = queries.indices.filter { status[$0] == nil && survey.sites[$0].startMargin > 0 }
    let exits = exits(search.candidates(for: live, in: survey), search, status)
    let open = queries.indices.filter { status[$0] == nil }
    let points = certificates(open.filter { !exits[$0].isEmpty }, exits)
    for index in open {
      if points[index] == nil {
        status[index] = reasonForNothing(index)
      } else {
        status[index] = isTie(exits[index], survey.sites[index]) ? .degenerateTie : .found
      }
    }
    return queries.indices.map { index in
      BoundaryOutcome(
        status: status[index] ?? .noBoundaryFound, point: points[index],
        effort: survey.effort[index])
    }
  }

  /// Verified points of each query, the nearest first.
  private func exits(
    _ candidates: [BoundaryCandidate], _ search: some BoundarySearch, _ status: [BoundaryStatus?]
  ) -> [[Crossing.Exit]] {
    let name = type(of: search).about.name
    func origin(_ candidate: BoundaryCandidate) -> String {
      candidate.origin.isEmpty ? name : "\(name), \(candidate.origin)"
    }
    let rays = candidates.filter { !$0.isTie }.map {
      Crossing.Ray(site: $0.site, end: $0.point, origin: origin($0))
    }
    var exits: [[Crossing.Exit]] = queries.map { _ in [] }
    for case let exit? in Crossing().exits(of: rays, in: survey) { exits[exit.site].append(exit) }
    let ties = candidates.filter(\.isTie)
    for (tie, logits) in zip(ties, survey.logits(at: ties.map { .init($0.site, $0.point) }))
    where TieModel.holds(logits, survey.sites[tie.site]) {
      exits[tie.site].append(
        .init(
          site: tie.site, point: tie.point, logits: logits,
          distance: survey.sites[tie.site].distance(tie.point),
          origin: "\(origin(tie)), third class held back"))
    }
    for index in queries.indices where status[index] == nil {
      let site = survey.sites[index]
      if site.startMargin == 0 {
        exits[index] = [
          .init(site: index, point: site.start, logits: site.logits, distance: 0, origin: "start")
        ]
      }
    }
    holdThirdsBack(&exits, within: search.gradientsForThirds)
    // Stable: of equal distances, the first start's.
    return exits.map { own in
      own.enumerated().sorted {
        ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
      }
      .map(\.element)
    }
  }

  /// Leaves exits at which no third class leads. A pair that has none of them gets one from the nearest of
  /// its others, where that is possible.
  private func holdThirdsBack(_ exits: inout [[Crossing.Exit]], within gradients: Int) {
    var ways: [TieApproach] = []
    for index in exits.indices {
      let overtaken = exits[index].filter { !TieModel.leads($0.logits, survey.sites[index]) }
      exits[index].removeAll { !TieModel.leads($0.logits, survey.sites[index]) }
      guard exits[index].isEmpty, survey.hasGradients,
        let nearest = overtaken.min(by: { $0.distance < $1.distance })
      else { continue }
      ways.append(
        TieApproach(
          index, at: nearest.point, origin: nearest.origin + ", third class held back"))
    }
    let spent = survey.effort.map(\.gradients)
    TieApproach.settle(&ways, in: survey)
    TieApproach.tighten(&ways, in: survey) { spent[$0] + gradients }
    for case let exit? in ways.map(\.exit) { exits[exit.site].append(exit) }
  }

  /// Evaluates the starts; those that need no search have a status.
  private func begin() -> [BoundaryStatus?] {
    let probes = queries.indices.map { Survey.Probe($0, survey.sites[$0].start) }
    let rows = survey.logits(at: probes)
    return queries.indices.map { index in
      survey.begin(index, with: rows[index])
      let site = survey.sites[index]
      if !queries[index].input.isFinite || survey.sawNonFinite[index] { return .nonFinite }
      if site.foil == nil, site.startMargin < 0 { return .startMisclassified }
      return site.startMargin != 0 && site.isFrozen ? .infeasibleBox : nil
    }
  }

  /// The nearest exit of each of these sites with everything that is told of it, evaluated afresh; nil
  /// for the others, and where the decision does not change after all.
  private func certificates(
    _ indices: [Int], _ exits: [[Crossing.Exit]]
  ) -> [BoundaryPoint?] {
    var points = [BoundaryPoint?](repeating: nil, count: queries.count)
    let probes = indices.map { Survey.Probe($0, exits[$0][0].point) }
    var slopes: [Survey.Slope?] = indices.map { _ in nil }
    let rows: [[Float]]
    if survey.hasGradients {
      slopes = survey.slopes(at: probes) { probe, logits in
        let site = survey.sites[indices[probe]]
        return site.seed(over: site.rival(in: logits))
      }
      rows = slopes.compactMap { $0?.logits }
    } else {
      rows = survey.logits(at: probes)
    }
    for (place, index) in indices.enumerated() {
      let site = survey.sites[index]
      let margin = site.margin(rows[place])
      guard margin < 0 || (site.startMargin == 0 && margin == 0) || site.foil != nil && margin <= 0
      else { continue }
      points[index] = point(
        exits[index], of: site, rows[place], slopes[place]?.gradient)
    }
    return points
  }

  private func point(
    _ exits: [Crossing.Exit], of site: Site, _ logits: [Float], _ gradient: Tensor?
  ) -> BoundaryPoint {
    let point = exits[0].point
    let displacement = point - site.start
    let foil = site.rival(in: logits)
    let margin = site.margin(logits, over: foil)
    let length = gradient.map { Norm.l2.length(of: $0) } ?? 0
    let normal = gradient.flatMap { gradient in
      length > 0 && length.isFinite
        ? gradient.map { Float(Double($0) * Double(site.sign) / length) } : nil
    }
    return BoundaryPoint(
      point: site.space.input(of: point), displacement: displacement,
      l2: Norm.l2.length(of: displacement), linf: Norm.linf.length(of: displacement),
      meanAbsolute: Norm.l1.length(of: displacement) / Double(displacement.count),
      distance: exits[0].distance, fact: site.fact, foil: foil, margin: site.sign * margin,
      startMargin: site.sign * site.startMargin,
      side: margin < 0 ? .beyond : margin == 0 ? .on : .inside, normal: normal,
      thirdClassGap: min(logits[site.fact], logits[foil]) - site.third(in: logits, beside: foil),
      optimalityResidual: gradient.flatMap { Optimality.residual($0, at: point, of: site) },
      foundBy: exits[0].origin, startDistances: exits.map(\.distance))
  }

  /// Whether another exit is equally near in quite another direction.
  private func isTie(_ exits: [Crossing.Exit], _ site: Site) -> Bool {
    guard exits[0].distance > 0 else { return false }
    let nearest = exits[0].point - site.start
    let length = Norm.l2.length(of: nearest)
    return exits.dropFirst().contains { exit in
      guard exit.distance <= exits[0].distance * (1 + 1e-5) else { return false }
      let other = exit.point - site.start
      return VectorSums.dot(nearest, other) < 0.9 * length * Norm.l2.length(of: other)
    }
  }

  /// What to say where no point was found.
  private func reasonForNothing(_ index: Int) -> BoundaryStatus {
    if survey.sawNonFinite[index] { return .nonFinite }
    let site = survey.sites[index]
    guard let model = model as? any DifferentiableClassifier else { return .noBoundaryFound }
    let rivals = site.rivals(model.isAffine ? site.logits.count : 1)
    let slopes = survey.slopes(at: rivals.map { _ in .init(index, site.start) }) { probe, _ in
      site.seed(over: rivals[probe])
    }
    if model.isAffine,
      zip(rivals, slopes).allSatisfy({ isOutOfReach($0, $1.gradient, site) })
    {
      return .infeasibleBox
    }
    return slopes.allSatisfy { $0.gradient.largestMagnitude == 0 }
      ? .vanishingGradient : .noBoundaryFound
  }

  /// Whether an affine margin stays positive within the bounds, by more than rounding.
  private func isOutOfReach(_ rival: ClassIndex, _ gradient: Tensor, _ site: Site) -> Bool {
    let margin = Double(site.margin(site.logits, over: rival))
    var (least, size) = (margin, margin)
    for index in 0..<gradient.count where gradient[index] != 0 {
      let bound = gradient[index] > 0 ? site.lower[index] : site.upper[index]
      let fall = Double(gradient[index]) * (Double(bound) - Double(site.start[index]))
      least += fall
      size += fall.magnitude
    }
    return least > 1e-6 * size
  }
}

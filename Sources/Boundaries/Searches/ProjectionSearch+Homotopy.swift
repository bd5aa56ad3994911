import Networks

extension ProjectionSearch {
  /// Exits that flattened networks lead to, for those sites whose lanes have nothing to follow, within
  /// three fifths of what is left of their budgets. None for models that cannot be flattened.
  func relaxed(
    _ sites: [Int], _ lanes: [ProjectionLane], _ survey: Survey
  ) -> [Crossing.Exit] {
    guard homotopySteps > 0, survey.isRelaxable else { return [] }
    let flat = misled(sites, lanes, survey)
    return Homotopy(survey: survey, steps: homotopySteps, rivals: rivals).exits(
      for: flat,
      gradients: flat.map { (gradients - survey.effort[$0].gradients - reserve) * 3 / 5 })
  }

  /// Sites that have no linear model after which the margin falls to less than half, where it should
  /// vanish. A saturated margin has no slope, or a faint one that belongs to very few pixels.
  private func misled(
    _ sites: [Int], _ lanes: [ProjectionLane], _ survey: Survey
  ) -> [Int] {
    let reaching = lanes.filter(\.isReaching)
    let rows = survey.logits(at: reaching.map { .init($0.site, $0.point) })
    let led = zip(reaching, rows).filter { lane, logits in
      let site = survey.sites[lane.site]
      let rival = lane.rival(at: logits, of: site)
      return site.margin(logits) < site.startMargin / 2
        || site.margin(logits, over: rival) < site.margin(site.logits, over: rival) / 2
    }
    return Set(sites).subtracting(led.map(\.0.site)).sorted()
  }
}

import Tensors

/// Guided feature inversion as published: Adam on weights that are clipped at zero, for a fixed number
/// of steps.
struct PublishedInversion {
  let loss: InversionLoss
  let model: MaskModel
  let schedule: PublishedSchedule
  let inversionSteps: Int
  let steps: Int
  let rate: Double
  /// Factors of the penalties, and of what the background still shows.
  let inversionPenalty: Double
  let penalty: Double
  let backgroundWeight: Double

  /// Nil where even the first mask is the same everywhere.
  func run() -> InversionOutcome? {
    var weights = [Double](repeating: PublishedSchedule.firstWeight, count: model.count)
    guard let first = model.mask(weights) else { return nil }
    var outcome = InversionOutcome(
      weights: weights, mask: first, inversionLosses: [], losses: [], film: MaskFilm(),
      ending: .complete, steepness: 0)
    var adam = Adam(count: model.count)
    for step in 0..<inversionSteps + steps {
      guard let mask = model.mask(weights), step == 0 || !mask.isFlat else {
        outcome.ending = .collapsed
        return outcome
      }
      (outcome.weights, outcome.mask) = (weights, mask)
      let isInverting = step < inversionSteps
      if step == inversionSteps, !schedule.isContinuous { adam = Adam(count: model.count) }
      var (value, slopes) =
        isInverting
        ? loss.inversion(mask.values, relative: schedule.invertsRelatively)
        : classLoss(mask.values, &outcome.steepness)
      slopes = model.pullback(slopes, at: mask)
      addPenalty(isInverting ? inversionPenalty : penalty, of: weights, to: &value, &slopes)
      if isInverting { outcome.inversionLosses.append(value) } else { outcome.losses.append(value) }
      outcome.film.add(
        MaskFilm.Take(
          stage: isInverting ? 1 : 2, step: isInverting ? step : step - inversionSteps, loss: value,
          weights: weights))
      guard value.isFinite, slopes.allSatisfy(\.isFinite) else {
        outcome.ending = .nonFinite
        return outcome
      }
      adam.step(&weights, against: slopes, rate: rate(at: step))
      for index in weights.indices {
        weights[index] = max(weights[index], 0)
        if model.form == .free { weights[index] = min(weights[index], 1) }
      }
    }
    guard let mask = model.mask(weights), !mask.isFlat else {
      outcome.ending = .collapsed
      return outcome
    }
    (outcome.weights, outcome.mask) = (weights, mask)
    return outcome
  }

  /// −p(Φ) + λ·p(Φ of the background), and how steep the softmax was at the steeper of both.
  private func classLoss(_ mask: [Double], _ steepness: inout Double?) -> InversionLoss.Slope {
    var steepest = steepness ?? 0
    let slope = loss.ofLogits(mask) { side, logits in
      let (value, slope) = loss.probability(logits)
      steepest = max(steepest, slope.map(\.magnitude).max() ?? 0)
      let factor = side == .kept ? -1 : backgroundWeight
      return (factor * value, slope.map { factor * $0 })
    }
    steepness = steepest
    return slope
  }

  /// Of a free mask, the penalty is that of its mean.
  private func addPenalty(
    _ factor: Double, of weights: [Double], to value: inout Double, _ slopes: inout [Double]
  ) {
    let share = model.form == .free ? factor / Double(weights.count) : factor
    for (index, weight) in weights.enumerated() {
      if schedule.penalizesSquares, model.form != .free {
        value += share * weight * weight
        slopes[index] += 2 * share * weight
      } else {
        // The slope of |w| at 0 is taken as 0, as automatic differentiation takes it.
        value += share * weight
        slopes[index] += weight > 0 ? share : 0
      }
    }
  }

  /// Halved every ten steps: of both stages, or of the second.
  private func rate(at step: Int) -> Double {
    let counted = schedule.isContinuous ? step : max(step - inversionSteps, 0)
    return rate / Double(1 << min(counted / 10, 60))
  }
}

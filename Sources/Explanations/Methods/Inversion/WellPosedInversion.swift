import Foundation

/// Guided feature inversion as a well-posed problem; ``GuidedFeatureInversion`` says why.
///
/// Each stage minimises, by mirror descent until it has converged,
///
///     data + κ·KL(w ‖ w₀) + max(0, mean(m) / area − 1)²
///
/// over weights w on the simplex. The data are ‖f(Φ) − f(x)‖² / ‖f(x)‖² in the first stage and
/// (λ·lead(Φ of the background) − lead(Φ)) / unit in the second, which begins where the first one
/// ended. A free mask has no weights to hold to; there, the mean variation of neighbouring cells
/// takes the place of the relative entropy.
struct WellPosedInversion {
  let loss: InversionLoss
  let model: MaskModel
  /// Where the weights begin, and what they are held to.
  let start: [Double]
  /// Evaluations of each stage, at most.
  let inversionSteps: Int
  let steps: Int
  let rate: Double
  let tolerance: Double
  /// κ and λ.
  let anchor: Double
  let backgroundWeight: Double
  /// What leads are measured in: the part of it that the backgrounds take away from the picture.
  let unit: Double
  /// The part of the picture beyond which a mask is penalised.
  let area: Double
  /// Factor of a free mask's variation.
  let smoothness: Double

  /// Where the square root in the variation of a free mask is rounded off.
  private static let rounding = 0.01

  /// Nil where the first mask is the same everywhere.
  func run() -> InversionOutcome? {
    var film = MaskFilm()
    let inverted = minimum(from: start, steps: inversionSteps, stage: 1, &film) {
      loss.inversion($0, relative: true)
    }
    let begin = inverted?.weights ?? start
    let classified = minimum(from: begin, steps: steps, stage: 2, &film) { mask in
      loss.ofLogits(mask) { side, logits in
        let (lead, slope) = loss.lead(logits)
        let factor = (side == .kept ? -1 : backgroundWeight) / unit
        return (factor * lead, slope.map { factor * $0 })
      }
    }
    let weights = classified?.weights ?? begin
    guard let mask = model.mask(weights) else { return nil }
    // The first stage is there for the second to begin well.
    let isFinished = (classified ?? inverted)?.hasConverged != false
    return InversionOutcome(
      weights: weights, mask: mask, inversionLosses: inverted?.values ?? [],
      losses: classified?.values ?? [], film: film,
      ending: isFinished ? .complete : .notConverged)
  }

  /// Nil where no steps are asked for, or the loss is not defined.
  private func minimum(
    from start: [Double], steps: Int, stage: Int, _ film: inout MaskFilm,
    _ data: (_ mask: [Double]) -> InversionLoss.Slope
  ) -> MirrorDescent.Result? {
    guard steps > 0 else { return nil }
    let descent = MirrorDescent(
      domain: model.form == .free ? .box : .simplex, rate: rate, tolerance: tolerance,
      limit: steps)
    var step = 0
    func visit(_ weights: [Double], _ loss: Double) {
      film.add(MaskFilm.Take(stage: stage, step: step, loss: loss, weights: weights))
      step += 1
    }
    return descent.minimum(from: start, visiting: visit) { weights in
      guard let mask = model.mask(weights) else { return nil }
      var (value, gradient) = data(mask.values)
      addArea(of: mask.values, to: &value, &gradient)
      var slopes = model.pullback(gradient, at: mask)
      if model.form == .free {
        addVariation(of: weights, to: &value, &slopes)
      } else {
        addEntropy(of: weights, to: &value, &slopes)
      }
      return (value, slopes)
    }
  }

  private func addArea(of mask: [Double], to value: inout Double, _ gradient: inout [Double]) {
    let excess = max(mask.reduce(0, +) / Double(mask.count) / area - 1, 0)
    guard excess > 0 else { return }
    value += excess * excess
    let slope = 2 * excess / area / Double(mask.count)
    for index in gradient.indices { gradient[index] += slope }
  }

  private func addEntropy(
    of weights: [Double], to value: inout Double, _ slopes: inout [Double]
  ) {
    for (index, weight) in weights.enumerated() {
      let ratio = log(weight / start[index])
      value += anchor * weight * ratio
      slopes[index] += anchor * (ratio + 1)
    }
  }

  /// Adds the mean over neighbouring cells of √(d² + ε²), d being their difference.
  private func addVariation(
    of cells: [Double], to value: inout Double, _ slopes: inout [Double]
  ) {
    let share = smoothness / Double(cells.count)
    func add(_ a: Int, _ b: Int) {
      let difference = cells[a] - cells[b]
      let size = (difference * difference + Self.rounding * Self.rounding).squareRoot()
      value += share * size
      slopes[a] += share * difference / size
      slopes[b] -= share * difference / size
    }
    for row in 0..<model.rows {
      for column in 0..<model.columns {
        let place = row * model.columns + column
        if column + 1 < model.columns { add(place, place + 1) }
        if row + 1 < model.rows { add(place, place + model.columns) }
      }
    }
  }
}

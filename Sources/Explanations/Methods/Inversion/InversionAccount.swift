import Foundation
import Tensors

/// What is known about a question before an inversion, and what can be said after it.
struct InversionAccount {
  private let loss: InversionLoss
  /// The fact's softmax probability in the picture, and its mean over the backgrounds alone.
  private let probability: Double
  private let backgroundProbability: Double
  /// The same for its lead.
  let lead: Double
  let backgroundLead: Double

  /// A probability below this is next to none, and so is such a slope of one.
  private static let vanishing = 1e-4

  /// Costs a forward pass for each background.
  init(loss: InversionLoss, logits: [Float]) {
    self.loss = loss
    let empty = loss.scene.logits(of: loss.scene.backgrounds)
    let count = Double(empty.count)
    probability = loss.share(logits)
    backgroundProbability = empty.reduce(0) { $0 + loss.share($1) } / count
    lead = loss.lead(logits).value
    backgroundLead = empty.reduce(0) { $0 + loss.lead($1).value } / count
  }

  /// The answer; a map of zeros where there is no mask, or one that is the same everywhere.
  ///
  /// - Parameter gradients: passes forward and back that were made to find where to begin.
  func explanation(
    of outcome: InversionOutcome?, by model: MaskModel, notes: [String: String], gradients: Int
  ) -> Explanation {
    let backgrounds = loss.scene.backgrounds.count
    var diagnostics = Diagnostics(
      values: [
        "probability": probability, "probabilityOfBackground": backgroundProbability,
        "objective": lead, "objectiveAtBackground": backgroundLead,
        "deadChannels": Double(model.deadChannels),
      ], notes: notes, forwardPasses: 1 + backgrounds + gradients,
      backwardPasses: gradients)
    if let outcome {
      let backward = backgrounds * (outcome.inversionLosses.count + 2 * outcome.losses.count)
      diagnostics.series = ["inversionLoss": outcome.inversionLosses, "loss": outcome.losses]
      diagnostics.forwardPasses += backward
      diagnostics.backwardPasses += backward
    }
    guard let outcome, !outcome.mask.isFlat else {
      return Explanation(
        map: AttributionMap(Tensor(zeros: [1, model.rows, model.columns]), sign: .magnitude),
        diagnostics: diagnostics,
        status: outcome?.ending == .collapsed ? .maskCollapsed : .complete)
    }
    let mask = outcome.mask.values
    let kept = loss.mean(in: mask, .kept, of: loss.share)
    let removed = loss.mean(in: mask, .removed, of: loss.share)
    diagnostics.values.merge([
      "probabilityKept": kept, "probabilityRemoved": removed,
      "area": outcome.mask.area,
      "inversionSteps": Double(outcome.inversionLosses.count),
      "steps": Double(outcome.losses.count),
    ]) { $1 }
    if model.form != .free { diagnostics.values["channels"] = Self.spread(of: outcome.weights) }
    diagnostics.forwardPasses += 2 * backgrounds
    return Explanation(
      map: AttributionMap(outcome.mask.map, sign: .magnitude), diagnostics: diagnostics,
      status: status(of: outcome))
  }

  /// How many channels take part: exp of the entropy of the weights.
  private static func spread(of weights: [Double]) -> Double {
    let sum = weights.reduce(0, +)
    return exp(weights.reduce(0) { $1 > 0 ? $0 - $1 / sum * log($1 / sum) : $0 })
  }

  private func status(of outcome: InversionOutcome) -> Explanation.Status {
    switch outcome.ending {
    case .collapsed: return .maskCollapsed
    case .nonFinite: return .nonFinite
    case .complete, .notConverged: break
    }
    // Rather than a foil, a fact can lead without being likely.
    if loss.question.foil == nil {
      if probability < Self.vanishing || (outcome.steepness ?? 1) < Self.vanishing {
        return .vanishingTarget(probability: probability)
      }
      if backgroundProbability > probability / 2 {
        return .backgroundShowsClass(probability: backgroundProbability)
      }
    }
    return outcome.ending == .notConverged ? .notConverged : .complete
  }
}

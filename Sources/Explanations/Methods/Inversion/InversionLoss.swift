import Foundation
import Networks
import Tensors

/// Losses of guided feature inversion with their gradients at the mask, `[H · W]`.
struct InversionLoss {
  typealias Slope = (value: Double, gradient: [Double])

  let scene: InversionScene
  let question: Question
  /// The layer whose features are inverted, and the picture's features there.
  let layer: LayerName
  let features: Tensor

  /// ‖f(Φ) − f(x)‖² at the inversion layer, as it is or over ‖f(x)‖².
  func inversion(_ mask: [Double], relative: Bool) -> Slope {
    let size = features.dot(features)
    let share = 1 / (relative && size > 0 ? size : 1) / Double(scene.backgrounds.count)
    let (values, gradients) = scene.slopes(of: scene.composites(mask, .kept), at: layer) {
      let difference = $1 - features
      return (share * difference.dot(difference), Float(2 * share) * difference)
    }
    return (values.reduce(0, +), scene.pullback(gradients, .kept))
  }

  /// A function of the logits of both composites, which go through the network together.
  ///
  /// - Parameter loss: of the logits of a composite showing that side: value and slope, `[K]`.
  func ofLogits(
    _ mask: [Double], _ loss: (InversionScene.Side, [Float]) -> (value: Double, slope: [Double])
  ) -> Slope {
    let count = scene.backgrounds.count
    let pictures = scene.composites(mask, .kept) + scene.composites(mask, .removed)
    let (values, gradients) = scene.slopes(of: pictures, at: .logits) { picture, logits in
      let (value, slope) = loss(picture < count ? .kept : .removed, logits.scalars)
      let seed = slope.map { Float($0 / Double(count)) }
      return (value / Double(count), Tensor(seed, shape: logits.shape))
    }
    let kept = scene.pullback(Array(gradients[..<count]), .kept)
    let removed = scene.pullback(Array(gradients[count...]), .removed)
    return (values.reduce(0, +), zip(kept, removed).map(+))
  }

  /// The fact's softmax probability, less the foil's if there is one.
  func probability(_ logits: [Float]) -> (value: Double, slope: [Double]) {
    let p = Self.probabilities(logits)
    let (fact, foil) = (question.fact, question.foil)
    let value = p[fact] - (foil.map { p[$0] } ?? 0)
    let slope = p.indices.map { index in
      let own = (index == fact ? 1.0 : 0) - (index == foil ? 1.0 : 0)
      return p[index] * (own - value)
    }
    return (value, slope)
  }

  /// The fact's softmax probability.
  func share(_ logits: [Float]) -> Double { Self.probabilities(logits)[question.fact] }

  /// The fact's logit over the foil's, or else the logarithm of its odds against all other classes.
  func lead(_ logits: [Float]) -> (value: Double, slope: [Double]) {
    let fact = question.fact
    var slope = [Double](repeating: 0, count: logits.count)
    slope[fact] = 1
    if let foil = question.foil {
      slope[foil] = -1
      return (Double(logits[fact]) - Double(logits[foil]), slope)
    }
    let others = logits.indices.filter { $0 != fact }
    guard let largest = others.map({ Double(logits[$0]) }).max() else {
      return (Double(logits[fact]), slope)
    }
    let sum = others.reduce(0) { $0 + exp(Double(logits[$1]) - largest) }
    for other in others { slope[other] = -exp(Double(logits[other]) - largest) / sum }
    return (Double(logits[fact]) - largest - log(sum), slope)
  }

  /// The mean over the backgrounds of a value of the logits of what a mask shows. Costs a forward pass
  /// for each background.
  func mean(
    in mask: [Double], _ side: InversionScene.Side = .kept, of value: ([Float]) -> Double
  ) -> Double {
    let logits = scene.logits(of: scene.composites(mask, side))
    return logits.reduce(0) { $0 + value($1) } / Double(logits.count)
  }

  private static func probabilities(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

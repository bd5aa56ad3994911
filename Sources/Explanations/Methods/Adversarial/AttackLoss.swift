import Networks

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The loss that an attack climbs: the cross-entropy of the fact, or, towards a foil, less that of the
/// foil.
struct AttackLoss {
  let fact: ClassIndex
  let foil: ClassIndex?

  /// The loss, and the direction of its slope by the scores.
  ///
  /// The slope p − 1 of the fact is less the sum of all others; where the softmax is so certain that p
  /// rounds to 1, that is what remains of it. The direction is scaled to −1 for the fact (1 for a foil) and
  /// the others' shares of what is left, so that it is never lost however certain the network is.
  func value(at logits: [Float]) -> (value: Float, slope: [Float]) {
    let goal = foil ?? fact
    let sign: Float = foil == nil ? 1 : -1
    let rivals = logits.indices.lazy.filter { $0 != goal }.map { Double(logits[$0]) }
    let largest = rivals.max() ?? -.infinity
    let powers = logits.indices.map { $0 == goal ? 0 : exp(Double(logits[$0]) - largest) }
    let others = powers.reduce(0, +)
    // log Σ exp z − z of the goal, with the goal's own power taken out of the sum.
    let lead = Double(logits[goal]) - largest - log(others)
    let loss = lead > 0 ? log1p(exp(-lead)) : log1p(exp(lead)) - lead
    let slope = logits.indices.map { index in
      sign * (index == goal ? -1 : Float(powers[index] / others))
    }
    return (sign * Float(loss), slope)
  }

  var objective: Objective { .ofLogits { value(at: $0) } }
}

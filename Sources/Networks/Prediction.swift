#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A classifier's answer for one picture.
public struct Prediction: Sendable, Equatable {
  /// Scores before the softmax, `[K]`.
  public let logits: [Float]
  /// Softmax of the logits, computed in double precision.
  public let probabilities: [Float]

  /// Traps without classes.
  public init(logits: [Float]) {
    precondition(!logits.isEmpty, "a prediction needs at least one class")
    self.logits = logits
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    probabilities = powers.map { Float($0 / sum) }
  }

  /// The class of the largest logit; the first of equal ones.
  public var top: ClassIndex { ranking(1)[0] }

  /// Classes by falling logit, at most `count`; equal ones by index.
  public func ranking(_ count: Int) -> [ClassIndex] {
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    return Array(order.prefix(count))
  }

  /// Whether every logit is a finite number.
  public var isFinite: Bool { logits.allSatisfy(\.isFinite) }
}

public import Tensors

/// How the length of a displacement is measured. Lengths are in pixel units, 0...1 from black to white.
public enum Norm: String, Sendable, Hashable, Codable, CaseIterable {
  /// Root of the sum of squares.
  case l2
  /// Largest magnitude.
  case linf
  /// Sum of magnitudes.
  case l1

  /// The length of a displacement, accumulated in double precision.
  public func length(of displacement: Tensor) -> Double {
    switch self {
    case .l2: VectorSums.dot(displacement, displacement).squareRoot()
    case .linf: Double(displacement.largestMagnitude)
    case .l1: displacement.withScalars { $0.reduce(0) { $0 + Double($1.magnitude) } }
    }
  }

  /// The norm of gradients that belongs to this one: a margin whose gradient has this length falls by
  /// length · distance at most, and a linear one does.
  var dual: Norm {
    switch self {
    case .l2: .l2
    case .linf: .l1
    case .l1: .linf
    }
  }
}

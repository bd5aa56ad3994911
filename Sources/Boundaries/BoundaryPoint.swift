public import Networks
public import Tensors

/// The nearest point of a decision boundary that is known, with what shows that it is one.
///
/// Every distance is an **upper bound**: the point lies on the boundary, as its own scores say, but
/// nothing proves that none is nearer, except in linear networks. The point is just beyond: the
/// smallest step that rounding allows, and `margin` says how far that is.
public struct BoundaryPoint: Sendable {
  /// Where the point lies.
  public enum Side: String, Sendable, Hashable, Codable {
    /// The foil leads: the decision has changed.
    case beyond
    /// Both scores are the same number.
    case on
    /// The fact still leads. No search returns this but for pairs in corners, where three classes meet.
    case inside
  }

  /// `[1, C, H, W]` as the network reads it.
  public let point: Tensor
  /// Pixels of the point less those of the input.
  public let displacement: Tensor
  /// Lengths of the displacement: root of the sum of squares, largest and mean magnitude.
  public let l2: Double, linf: Double, meanAbsolute: Double
  /// The length in the query's norm.
  public let distance: Double
  public let fact: ClassIndex
  /// The class that ties with the fact.
  public let foil: ClassIndex
  /// Score of the fact less the foil's, at the point: negative beyond.
  public let margin: Float
  /// The margin at the input, to compare with.
  public let startMargin: Float
  public let side: Side
  /// Gradient of the margin in pixels, of length 1; nil from a model without gradients, and where it
  /// vanishes.
  public let normal: Tensor?
  /// The lower of both scores less the best of all other classes: positive where only two classes meet,
  /// infinite where there are only two.
  public let thirdClassGap: Float
  /// How far the displacement is from the normal: 1 − |cos| of their angle over the pixels that are free
  /// to move; for other norms 1 − |⟨normal, displacement⟩| over the largest that any displacement of
  /// that length can have. 0 at every smooth local minimum of the distance, but not at an edge of
  /// several smooth pieces; nil without a normal.
  public let optimalityResidual: Double?
  /// Which start of which search found it.
  public let foundBy: String
  /// Where each start ended, ascending: distances in the query's norm. Their spread says how much the
  /// distance depends on the start.
  public let startDistances: [Double]
}

/// A thing that can be drawn: a shape by its distances, and what its surface is like.
///
/// Lengths are such that the thing fits into the ball of radius 1 about the origin; y points up.
protocol Solid: Sendable {
  var paint: Paint { get }

  /// At most the distance to the surface from outside, less than 0 inside. Close to the surface it is
  /// the distance itself, or nearly.
  func distance(to p: Vector) -> Lanes

  /// What the surface is like at points of it, where it faces towards `normal`.
  func finish(at p: Vector, facing normal: Vector) -> Finish

  // What follows is the same for all, and is listed in order that it be compiled for each: it asks for
  // distances in its innermost loops.

  func hit(from start: Vector, towards direction: Vector, begin: Lanes, end: Lanes) -> Hit
  func light(
    from start: Vector, towards direction: Vector, begin: Lanes, end: Lanes, hardness: Float
  ) -> Lanes
  func normal(at p: Vector) -> Vector
  func openness(at p: Vector, normal: Vector) -> Lanes
}

extension Solid {
  func finish(at p: Vector, facing normal: Vector) -> Finish { paint.patterned(at: p) }
}

/// What eight points of a surface are like.
struct Finish {
  var color: Vector
  /// How much it mirrors, 0...1.
  var gloss: Lanes
}

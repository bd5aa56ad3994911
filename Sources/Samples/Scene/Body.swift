/// A solid in its place.
struct Body {
  let solid: any Solid
  let rotation: Rotation
  let center: Triple
  /// Of the ball that holds it.
  let radius: Float
  /// How far the centre is above the floor, in radii.
  let lift: Float

  /// Of a ball that surely holds the solid, in its own units.
  static let bound: Float = 1.04

  /// How far the lowest point of a turned solid is below its centre.
  ///
  /// Found by rays from below, on a grid of 16 × 16.
  static func lift(of solid: any Solid, turned rotation: Rotation) -> Float {
    let count = 16
    let up = Vector(rotation.undone(on: Triple(0, 1, 0)))
    var lowest: Float = 1
    for row in 0..<count {
      for half in 0..<(count / 8) {
        let x = (Lanes.steps + Float(half * 8) + 0.5) * (2 / Float(count)) - 1
        let z = Lanes(repeating: (Float(row) + 0.5) * 2 / Float(count) - 1)
        let start = rotation.undone(on: Vector(x, Lanes(repeating: -Self.bound), z))
        let hit = solid.hit(from: start, towards: up, begin: .zero, end: Lanes(repeating: 1.5))
        for lane in 0..<8 where hit.isHit[lane] { lowest = min(lowest, hit.distance[lane]) }
      }
    }
    return Self.bound - lowest
  }

  /// Points and directions of the room in the solid's own units.
  @inline(__always) func local(point p: Vector) -> Vector {
    rotation.undone(on: p - center) * (1 / radius)
  }

  /// How much of the lamp's light arrives at points of the floor (1: all).
  func shadow(at points: Vector, light: Light) -> Lanes {
    let offset = points - center
    // The closest that the ray comes to the centre.
    let along = offset.dot(light.direction)
    let reach = radius * 1.3
    let square = offset.dot(offset) - along * along
    guard any(square .< reach * reach .& along .< reach) else { return Lanes(repeating: 1) }
    let start = local(point: points)
    let direction = Vector(rotation.undone(on: light.direction))
    let middle = -along * (1 / radius)
    return solid.light(
      from: start, towards: direction, begin: greater(middle - 1.25, 0.01),
      end: middle + 1.25, hardness: light.hardness)
  }

  /// How open the sky is above points of the floor (1: all of it).
  func openness(at points: Vector) -> Lanes {
    let p = local(point: points)
    let square = p.dot(p)
    guard any(square .< 4) else { return Lanes(repeating: 1) }
    // Far away the shape does not matter, only its size.
    let near = ramp(2, 1.2, square.squareRoot())
    let gap = greater(solid.distance(to: p), 0)
    let closed = 0.62 * (1 - ramp(-0.15, 0.55, gap))
    return 1 - closed * near
  }
}

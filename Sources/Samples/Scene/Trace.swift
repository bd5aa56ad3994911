/// Where rays meet a solid.
struct Hit {
  var isHit: LaneMask
  /// Along the ray.
  var distance: Lanes
}

/// Rays that walk along until a solid's surface.
extension Solid {
  /// Sphere tracing (Hart, 1996): a step as long as the distance to the surface meets nothing.
  func hit(
    from start: Vector, towards direction: Vector, begin: Lanes, end: Lanes
  ) -> Hit {
    var t = begin
    var isHit = LaneMask(repeating: false)
    var isGoing = begin .< end
    for _ in 0..<48 where any(isGoing) {
      let d = distance(to: start + direction * t)
      isHit = isHit .| (isGoing .& (d .< 0.004))
      t.replace(with: t + greater(d, 0.002), where: isGoing .& (d .>= 0.004))
      isGoing = isGoing .& .!isHit .& (t .< end)
    }
    return Hit(isHit: isHit, distance: t)
  }

  /// How much light comes along rays from afar: 0 where they meet the solid, less than 1 where they
  /// come close.
  func light(
    from start: Vector, towards direction: Vector, begin: Lanes, end: Lanes,
    hardness: Float
  ) -> Lanes {
    var t = begin
    var light = Lanes(repeating: 1)
    var isGoing = begin .< end
    for _ in 0..<28 where any(isGoing) {
      let d = distance(to: start + direction * t)
      let part = hardness * d / greater(t, 0.05)
      light.replace(with: lesser(light, part), where: isGoing)
      t += lesser(greater(d, 0.05), 0.3)
      isGoing = isGoing .& (t .< end) .& (light .> 0)
    }
    light = light.saturated
    return light * light * (3 - 2 * light)
  }

  /// Directions away from the surface, by differences over a tetrahedron.
  func normal(at p: Vector) -> Vector {
    let e: Float = 0.006
    let a = distance(to: p + Triple(e, -e, -e))
    let b = distance(to: p + Triple(-e, -e, e))
    let c = distance(to: p + Triple(-e, e, -e))
    let d = distance(to: p + Triple(e, e, e))
    return Vector(a - b - c + d, c + d - a - b, b + d - a - c).direction
  }

  /// How open the surroundings are above a surface (1: all open).
  func openness(at p: Vector, normal: Vector) -> Lanes {
    let near = distance(to: p + normal * 0.09)
    let far = distance(to: p + normal * 0.3)
    return (1 - ((0.09 - near) * 3.2 + (0.3 - far) * 1.1)).saturated
  }
}

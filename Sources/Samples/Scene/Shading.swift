/// How a body looks along rays.
struct Shading {
  let body: Body
  private let sight: Sight
  let light: Light
  private let lamp: Triple
  private let up: Triple

  init(body: Body, camera: Camera, light: Light) {
    self.body = body
    sight = Sight(of: body, from: camera)
    self.light = light
    lamp = body.rotation.undone(on: light.direction)
    up = body.rotation.undone(on: Triple(0, 1, 0))
  }

  func seen(_ u: Lanes, _ v: Lanes) -> (isHit: LaneMask, color: Vector)? {
    guard let (hit, direction) = sight.hit(u, v) else { return nil }
    let point = Vector(sight.eye) + direction * hit.distance
    return (hit.isHit, color(of: body.solid, at: point, from: direction))
  }

  private func color(of solid: some Solid, at p: Vector, from direction: Vector) -> Vector {
    let normal = solid.normal(at: p)
    let finish = solid.finish(at: p, facing: normal)
    let height = p.dot(up) + body.lift
    let facing = normal.dot(lamp)
    var lit = greater(facing, 0)
    if any(lit .> 0) {
      lit *= solid.light(
        from: p + normal * 0.03, towards: Vector(lamp), begin: Lanes(repeating: 0.03),
        end: Lanes(repeating: 1.3), hardness: light.hardness)
    }
    // The floor hides half the sky from what is near it.
    let open =
      solid.openness(at: p, normal: normal) * (0.55 + 0.45 * ramp(0, 0.5, height))
    let skyward = normal.dot(up) * 0.5 + 0.5
    let diffuse =
      Vector(light.color) * lit
      + Vector(light.bounce).mixed(with: Vector(light.sky), skyward) * open
    // Mirrored surroundings, the more the flatter the view (Schlick, 1994).
    let cosine = -normal.dot(direction)
    let mirrored = body.rotation.applied(to: direction + normal * (2 * cosine))
    let c = 1 - cosine.saturated
    let fresnel = 0.05 + 0.95 * (c * c) * (c * c) * c
    let isMetal = solid.paint.isMetal
    let mirror = finish.gloss * (isMetal ? 0.65 + 0.35 * fresnel : fresnel)
    let reflection = light.environment(mirrored) * (mirror * (0.25 + 0.75 * open))
    // A broad shine where the surface is not quite smooth.
    let half = (Vector(lamp) - direction).direction.dot(normal).saturated
    var shine = half * half
    for _ in 0..<4 { shine *= shine }
    let highlight = Vector(light.color) * (shine * lit * finish.gloss * 0.35)
    if isMetal {
      return finish.color * diffuse * 0.45 + finish.color * reflection * 1.5 + highlight
    }
    return finish.color * diffuse + reflection + highlight
  }
}

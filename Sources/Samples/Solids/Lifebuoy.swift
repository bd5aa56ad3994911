/// A ring with four bands and a rope around it.
struct Lifebuoy: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let ring = Distance.torus(Vector(p.x, p.y * 1.2, p.z), radius: 0.65, thickness: 0.26) * 0.85
    let rope = Distance.torus(p, radius: 0.945, thickness: 0.035)
    return lesser(ring, rope)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let (a, b) = (p.x.size, p.z.size)
    let band = ramp(0.235, 0.205, lesser(a, b))
    let isRope = Lanes.zero.replacing(with: 1, where: p.fromAxis .> 0.913)
    let cloth = 0.9 + 0.2 * Noise.value(p * 9, paint.seed)
    let color = Vector(paint.base).mixed(with: Vector(paint.accent), band)
      .mixed(with: Vector(paint.detail), isRope)
    return Finish(color: color * cloth, gloss: Lanes(repeating: paint.gloss))
  }
}

/// A spotted cap on a stem.
struct Mushroom: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let r = p.fromAxis
    // The cap: the upper part of a flat ball, hollow below.
    let ball = Distance.ellipsoid(p - Triple(0, 0.12, 0), Triple(0.82, 0.62, 0.82))
    let below = 0.1 - p.y + 0.12 * (r * r)
    let cap = -blend(-ball, below * -1, 0.12)
    let stem = Distance.capsule(
      p, Triple(0, -0.66, 0), Triple(0, 0.3, 0), radius: 0.27, end: 0.19)
    let ring = Distance.torus(p - Triple(0, -0.12, 0), radius: 0.2, thickness: 0.07)
    return greater(blend(lesser(cap, ring), stem, 0.08), -0.82 - p.y)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let isCap = (p.y .> 0.13) .& (normal.y .> -0.3)
    // Spots: one ball in each cell of a lattice, cut by the cap's surface.
    let q = p * 2.7 + Triple(0.5, 0.3, 0.5)
    let cell = Vector(q.x.rounded, q.y.rounded, q.z.rounded)
    let random = Noise.cells(cell, paint.seed)
    let d = q - cell - (random - Triple(repeating: 0.5)) * 0.35
    let radius = 0.27 + 0.13 * random.x
    let spot = ramp(0.05, -0.05, d.length - radius)
    let cap = Vector(paint.base).mixed(with: Vector(paint.accent), spot)
    let gills = 0.72 + 0.28 * sine(turns: turns(p.x, p.z) * 26)
    let flesh =
      Vector(paint.detail)
      * (0.85 + 0.3 * Noise.value(Vector(p.x * 9, p.y * 2, p.z * 9), paint.seed))
    let under = (normal.y .< -0.3) .& (p.y .> 0)
    let pale = flesh.replacing(with: flesh * gills, where: under)
    return Finish(
      color: pale.replacing(with: cap, where: isCap),
      gloss: Lanes(repeating: 0.04).replacing(with: Lanes(repeating: paint.gloss), where: isCap))
  }
}

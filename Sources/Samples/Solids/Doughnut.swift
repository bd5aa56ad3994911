/// A thick ring, iced above, with sprinkles.
struct Doughnut: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let dough = Distance.torus(p, radius: 0.6, thickness: 0.35)
    return dough - 0.025 * ramp(-0.02, 0.06, edge(p))
  }

  /// Above 0 where there is icing.
  @inline(__always) private func edge(_ p: Vector) -> Lanes {
    p.y + 0.02 + 0.07 * sine(turns: turns(p.x, p.z) * 7) - 0.1 * ramp(0.95, 0.6, p.fromAxis)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let isIced = ramp(-0.01, 0.03, edge(p))
    let dough = paint.even(paint.detail, at: p)
    // Sprinkles: a rod in each cell of a grid over the ring's surface.
    let around = turns(p.x, p.z) * 22
    let across = turns(p.fromAxis - 0.6, p.y) * 14
    let cell = Vector(around.floor, across.floor, .zero)
    let random = Noise.cells(cell, paint.seed)
    let (u, v) = (around - cell.x - 0.5, across - cell.y - 0.5)
    let angle = random.x
    let (s, c) = (sine(turns: angle), sine(turns: angle + 0.25))
    let along = greater((u * c + v * s).size - 0.24, 0)
    let aside = u * s - v * c
    let rod = ramp(0.19, 0.1, (along * along + aside * aside).squareRoot())
    let shows = rod.replacing(with: 0, where: random.y .> 0.8)
    let sprinkle = Vector(paint.accent).replacing(
      with: Vector(Triple(repeating: 0.85)), where: random.z .> 0.6)
    let icing = Vector(paint.base).mixed(with: sprinkle, shows)
    return Finish(
      color: dough.color.mixed(with: icing, isIced),
      gloss: mix(Lanes(repeating: 0.05), Lanes(repeating: max(paint.gloss, 0.3)), isIced))
  }
}

/// A bathtub duck.
struct Duck: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let body = Distance.ellipsoid(p - Triple(-0.12, -0.3, 0), Triple(0.66, 0.42, 0.5))
    let tail = Distance.capsule(
      p, Triple(-0.5, -0.2, 0), Triple(-0.8, 0.12, 0), radius: 0.24, end: 0.05)
    let head = (p - Triple(0.3, 0.34, 0)).length - 0.37
    let wings = Distance.ellipsoid(
      Vector(p.x + 0.18, p.y + 0.2, p.z.size - 0.45), Triple(0.34, 0.2, 0.1))
    let plump = blend(blend(blend(body, tail, 0.2), head, 0.12), wings, 0.05)
    return blend(plump, bill(p), 0.03)
  }

  @inline(__always) private func bill(_ p: Vector) -> Lanes {
    let upper = Distance.ellipsoid(p - Triple(0.72, 0.3, 0), Triple(0.22, 0.07, 0.2))
    let lower = Distance.ellipsoid(p - Triple(0.68, 0.22, 0), Triple(0.17, 0.05, 0.15))
    return lesser(upper, lower)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let plain = paint.even(paint.base, at: p)
    let isBill = bill(p) .< 0.012
    let eye = Vector(p.x - 0.55, p.y - 0.46, p.z.size - 0.22).length
    let dark = ramp(0.1, 0.08, eye)
    let white = ramp(0.145, 0.125, eye)
    var color = plain.color.mixed(with: Vector(Triple(repeating: 0.85)), white)
      .mixed(with: Vector(Triple(repeating: 0.015)), dark)
    color = color.replacing(with: Vector(paint.accent), where: isBill)
    return Finish(color: color, gloss: Lanes(repeating: max(0.3, paint.gloss)))
  }
}

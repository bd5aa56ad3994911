/// The least of the chessmen, turned on a lathe.
struct Pawn: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let r = p.fromAxis
    let foot = Distance.rectangle(r, p.y + 0.82, halfWidth: 0.5, halfHeight: 0.1, rounding: 0.08)
    let step = Distance.rectangle(r, p.y + 0.66, halfWidth: 0.4, halfHeight: 0.09, rounding: 0.07)
    // The body narrows upwards in a hollow curve.
    let t = ((p.y + 0.62) * (1 / 0.85)).saturated
    let width = 0.37 - 0.36 * t + 0.15 * t * t
    let body = greater((r - width) * 0.85, (p.y + 0.19).size - 0.45)
    let collar = Distance.ellipsoid(p - Triple(0, 0.27, 0), Triple(0.31, 0.075, 0.31))
    let head = (p - Triple(0, 0.55, 0)).length - 0.31
    return lesser(
      lesser(foot, step), blend(blend(body, collar, 0.05), head, 0.04))
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    var finish = paint.patterned(at: p)
    let ring = ramp(0.035, 0.02, (p.y + 0.73).size)
    finish.color = finish.color * (1 - 0.55 * ring)
    return finish
  }
}

/// A cup with a handle.
struct Mug: Solid {
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    let q = p + Triple(0.14, 0, 0)
    let r = q.fromAxis
    let outer = Distance.rectangle(r, q.y, halfWidth: 0.55, halfHeight: 0.62, rounding: 0.05)
    let inner = Distance.rectangle(
      r, q.y - 0.14, halfWidth: 0.47, halfHeight: 0.66, rounding: 0.05)
    let cup = greater(outer, -inner)
    let h = Vector((q.x - 0.56) * 1.05, q.z, q.y * 0.85)
    let handle = greater(Distance.torus(h, radius: 0.3, thickness: 0.085) * 0.85, 0.5 - r)
    return blend(cup, handle, 0.05)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let q = p + Triple(0.14, 0, 0)
    let r = q.fromAxis
    var finish = paint.patterned(at: Vector(turns(q.x, q.z) * 3.2, .zero, p.y))
    let plain = paint.even(paint.base, at: p)
    let isPlain = (r .< 0.5) .| (r .> 0.58) .| (p.y.size .> 0.5)
    finish.color = finish.color.replacing(with: plain.color, where: isPlain)
    let glaze = paint.even(paint.detail, at: p)
    finish.color = finish.color.replacing(with: glaze.color, where: (r .< 0.5) .& (p.y .> -0.55))
    finish.gloss = Lanes(repeating: max(0.35, paint.gloss))
    return finish
  }
}

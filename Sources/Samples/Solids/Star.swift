/// A five-pointed cushion, stitched along its edge.
struct Star: Solid {
  let paint: Paint

  /// The distance to a flat star in the plane of x and y.
  @inline(__always) private static func flat(_ px: Lanes, _ py: Lanes) -> Lanes {
    let (outer, inner): (Float, Float) = (0.86, 0.48)
    let (k1x, k1y): (Float, Float) = (0.809016994, -0.587785252)
    var (x, y) = (px.size, py)
    var fold = 2 * greater(k1x * x + k1y * y, 0)
    x -= fold * k1x
    y -= fold * k1y
    fold = 2 * greater(-k1x * x + k1y * y, 0)
    x += fold * k1x
    y -= fold * k1y
    x = x.size
    y -= outer
    let (bx, by) = (inner * -k1y, inner * k1x - 1 * outer)
    let square = bx * bx + by * by
    let t = lesser(greater((x * bx + y * by) * (1 / square), 0), 1)
    let (dx, dy) = (x - bx * t, y - by * t)
    let length = (dx * dx + dy * dy).squareRoot()
    return length.replacing(with: -length, where: y * bx - x * by .< 0)
  }

  func distance(to p: Vector) -> Lanes {
    let d = Self.flat(p.x, p.y)
    // Thicker towards the middle.
    let depth = 0.05 + 0.24 * root((lesser(-d, 0.3) * (1 / 0.3)).saturated)
    let (ox, oz) = (greater(d + 0.02, 0), greater(p.z.size - depth, 0))
    return
      ((ox * ox + oz * oz).squareRoot() + lesser(greater(d + 0.02, p.z.size - depth), 0) - 0.07)
      * 0.72
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let d = Self.flat(p.x, p.y)
    let seam = ramp(0.035, 0.015, (d + 0.11).size)
    let stitch = ramp(-0.1, 0.3, sine(turns: turns(p.x, p.y) * 38 + p.fromAxis * 3))
    var finish = paint.patterned(at: Vector(p.x, .zero, p.y))
    let felt = 0.8 + 0.4 * Noise.fractal(p * 11, octaves: 2, paint.seed)
    finish.color = (finish.color * felt).mixed(with: Vector(paint.detail), seam * stitch)
    finish.gloss = Lanes(repeating: 0.02)
    return finish
  }
}

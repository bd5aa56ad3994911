/// Six flat sides around a threaded hole.
struct Nut: Solid {
  let paint: Paint
  private static let thickness: Float = 0.36

  func distance(to p: Vector) -> Lanes {
    let (a, b) = (p.x.size, p.z.size)
    let hexagon = greater(a * 0.866025 + b * 0.5, b) - 0.76
    let r = p.fromAxis
    let height = p.y.size
    // A cone takes the corners off above and below.
    let chamfer = (r * 0.5 + height * 0.866) - (0.80 * 0.5 + Self.thickness * 0.866)
    let thread = 0.025 * sine(turns: p.y * 7 + turns(p.x, p.z))
    let hole = 0.44 - r + thread
    let rim = (0.5 - r) * 0.7071 + (height - Self.thickness) * 0.7071
    return greater(greater(greater(hexagon, height - Self.thickness), chamfer), greater(hole, rim))
      * 0.92
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    // Brushed in circles on the flats, scratched along the sides.
    let r = p.fromAxis
    let flat = Noise.value(Vector(r * 30, p.y, turns(p.x, p.z) * 5), paint.seed)
    let side = Noise.value(Vector(p.x * 3, p.y * 34, p.z * 3), paint.seed)
    let isFlat = normal.y.size .> 0.7
    let scratch = side.replacing(with: flat, where: isFlat)
    let rust = ramp(0.62, 0.75, Noise.fractal(p * 2.2, octaves: 3, paint.seed &+ 5))
    let color = (Vector(paint.base) * (0.75 + 0.5 * scratch)).mixed(
      with: Vector(paint.accent), rust * 0.6)
    return Finish(color: color, gloss: (0.75 + 0.25 * scratch) * (1 - 0.7 * rust))
  }
}

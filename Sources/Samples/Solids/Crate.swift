/// A box of planks within a frame.
struct Crate: Solid {
  let paint: Paint
  private static let half: Float = 0.55
  private static let beam: Float = 0.075

  func distance(to p: Vector) -> Lanes {
    let panel = Distance.box(p, half: Triple(repeating: Self.half - 0.06), rounding: 0.01)
    // The twelve beams: near the edge in two of three directions.
    let q = p.size - Triple(repeating: Self.half - Self.beam)
    let e = Vector(q.x.size - Self.beam, q.y.size - Self.beam, q.z.size - Self.beam)
    func bar(_ a: Lanes, _ b: Lanes, _ length: Lanes) -> Lanes {
      let (x, y, z) = (greater(a, 0), greater(b, 0), greater(length, 0))
      return (x * x + y * y + z * z).squareRoot() + lesser(greater(a, greater(b, length)), 0)
    }
    let long = q - Triple(repeating: Self.beam)
    let frame = lesser(bar(e.x, e.y, long.z), lesser(bar(e.y, e.z, long.x), bar(e.z, e.x, long.y)))
    return lesser(panel, frame - 0.01)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let limit = Self.half - 2 * Self.beam
    let s = p.size
    let one = Lanes(repeating: 1)
    func beyond(_ x: Lanes) -> Lanes { Lanes.zero.replacing(with: one, where: x .> limit) }
    // On a face one direction is always beyond; on a beam, two are.
    let isBeam = (beyond(s.x) + beyond(s.y) + beyond(s.z)) .> 1.5
    // Boards lie level on the sides, along x on top.
    let height = p.y.replacing(with: p.z, where: s.y .> limit .& .!isBeam)
    let board = height * 5.6 + 0.5
    let place = board - board.floor
    let kind = Noise.cell(Vector(board.floor, .zero, .zero), paint.seed)
    let gap = ramp(0.14, 0.06, lesser(place, 1 - place))
    let fibre = Noise.fractal(Vector(p.x * 3, height * 22, p.z * 3), octaves: 2, paint.seed)
    let light = (0.62 + 0.5 * fibre) * (0.85 + 0.3 * kind) * (1 - 0.8 * gap)
    let beamLight = 0.75 + 0.5 * Noise.fractal(p * 7, octaves: 2, paint.seed)
    let color = (Vector(paint.base) * light).replacing(
      with: Vector(paint.base.mixed(with: paint.accent, 0.55)) * beamLight, where: isBeam)
    return Finish(color: color, gloss: Lanes(repeating: paint.gloss * 0.3))
  }
}

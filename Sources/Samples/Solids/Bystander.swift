/// A plain thing that is of no class, and may be painted as things of any class are.
struct Bystander: Solid {
  enum Shape: CaseIterable {
    case ball, egg, cylinder, disc, cone, rod, pyramid, wedge
  }

  let shape: Shape
  let paint: Paint

  func distance(to p: Vector) -> Lanes {
    switch shape {
    case .ball: return p.length - 0.8
    case .egg: return Distance.ellipsoid(p, Triple(0.55, 0.8, 0.55))
    case .cylinder:
      return Distance.rectangle(p.fromAxis, p.y, halfWidth: 0.45, halfHeight: 0.75, rounding: 0.06)
    case .disc:
      return Distance.rectangle(p.fromAxis, p.y, halfWidth: 0.85, halfHeight: 0.15, rounding: 0.08)
    case .cone:
      let r = p.fromAxis
      let side = (r - 0.3) * 0.894 + p.y * 0.447
      let (a, b) = (greater(side + 0.06, 0), greater(-0.64 - p.y, 0))
      return (a * a + b * b).squareRoot() + lesser(greater(side + 0.06, -0.64 - p.y), 0) - 0.06
    case .rod:
      return Distance.capsule(
        p, Triple(-0.75, 0, 0), Triple(0.75, 0, 0), radius: 0.17, end: 0.17)
    case .pyramid:
      let side = greater(p.x.size, p.z.size) * 0.87 + p.y * 0.5 - 0.17
      return greater(side, -0.5 - p.y) - 0.03
    case .wedge:
      let slope = p.x * 0.6 + p.y * 0.8 - 0.1
      return greater(
        slope, Distance.box(p, half: Triple(0.72, 0.42, 0.45), rounding: 0.03))
    }
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    switch shape {
    case .cylinder, .cone, .egg:
      paint.patterned(at: Vector(turns(p.x, p.z) * 3.5, .zero, p.y))
    default: paint.patterned(at: p)
    }
  }
}

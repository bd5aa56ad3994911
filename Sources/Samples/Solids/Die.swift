/// A cube with rounded edges and with the pips of a die.
struct Die: Solid {
  let paint: Paint
  private static let half: Float = 0.56

  func distance(to p: Vector) -> Lanes {
    Distance.box(p, half: Triple(repeating: Self.half), rounding: 0.13)
  }

  func finish(at p: Vector, facing normal: Vector) -> Finish {
    let size = p.size
    let onX = size.x .> size.y .& size.x .> size.z
    let onY = .!onX .& size.y .> size.z
    // The two coordinates on the face, −1...1.
    let u = p.x.replacing(with: p.y, where: onX) * (1 / Self.half)
    let v = p.z.replacing(with: p.y, where: .!(onX .| onY)) * (1 / Self.half)
    let isFront = p.z.replacing(with: p.x, where: onX).replacing(with: p.y, where: onY) .> 0
    // Opposite faces add up to seven.
    var count = Lanes(repeating: 4).replacing(with: 3, where: isFront)
    count.replace(with: Lanes(repeating: 6).replacing(with: 1, where: isFront), where: onX)
    count.replace(with: Lanes(repeating: 5).replacing(with: 2, where: isFront), where: onY)
    let far = Lanes(repeating: 9)
    @inline(__always) func pip(_ x: Float, _ y: Float, _ mask: LaneMask) -> Lanes {
      let (dx, dy) = (u - x, v - y)
      return far.replacing(with: dx * dx + dy * dy, where: mask)
    }
    let a: Float = 0.47
    let isOdd = (count .== 1) .| (count .== 3) .| (count .== 5)
    var nearest = pip(0, 0, isOdd)
    nearest = lesser(nearest, lesser(pip(a, a, count .> 1), pip(-a, -a, count .> 1)))
    nearest = lesser(nearest, lesser(pip(a, -a, count .> 3), pip(-a, a, count .> 3)))
    nearest = lesser(nearest, lesser(pip(a, 0, count .> 5), pip(-a, 0, count .> 5)))
    let dot = ramp(0.21, 0.16, nearest.squareRoot())
    var finish = paint.even(paint.base, at: p)
    finish.color = finish.color.mixed(with: Vector(paint.accent), dot)
    return finish
  }
}

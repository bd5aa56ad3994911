/// A lamp far away, and the sky around.
struct Light {
  /// Towards the lamp.
  let direction: Triple
  let color: Triple
  let sky: Triple
  /// What comes back from the floor.
  let bounce: Triple
  /// Of shadows: larger is harder.
  let hardness: Float

  init(floor: Triple, random: inout PictureRandom) {
    // From the sides or from behind the camera, never from behind the wall.
    let turn = Rotation(yaw: random.float(0.2, 0.8), pitch: -random.float(0.1, 0.19))
    direction = turn.applied(to: Triple(0, 0, 1))
    let warmth = random.float(-1, 1)
    let warm = Triple(1, 0.86, 0.68)
    let cool = Triple(0.82, 0.93, 1)
    let tint = Triple(repeating: 1).mixed(with: warmth > 0 ? warm : cool, warmth.magnitude)
    let other = Triple(repeating: 1).mixed(with: warmth > 0 ? cool : warm, warmth.magnitude * 0.7)
    color = tint * random.float(1.15, 1.75)
    sky = other * random.float(0.34, 0.62)
    bounce = floor * 0.35
    hardness = random.float(4, 14)
  }

  /// What a mirror sees in a direction: sky, floor, and a window where the lamp is.
  @inline(__always) func environment(_ d: Vector) -> Vector {
    let high = ramp(-0.25, 0.35, d.y)
    let window = ramp(0.86, 0.95, d.dot(direction))
    let horizon = ramp(0.5, 0, d.y.size)
    return Vector(bounce).mixed(with: Vector(sky) * (1.1 + 0.5 * horizon), high)
      + Vector(color) * (window * 1.9)
  }
}

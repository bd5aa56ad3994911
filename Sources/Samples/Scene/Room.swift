import Imaging

/// Floor and wall.
struct Room {
  let floor: Surface
  let wall: Surface
  /// Where the wall stands.
  let wallDistance: Float
  /// Blurred lights on the wall.
  let lights: [Glow]

  struct Surface {
    let base: Triple
    let accent: Triple
    let pattern: Pattern
    /// Turns the pattern about y.
    let rotation: Rotation

    func color(at p: Vector) -> Vector {
      let (weight, light) = pattern.tone(at: rotation.undone(on: p))
      return Vector(base).mixed(with: Vector(accent), weight) * light
    }
  }

  struct Glow {
    let x: Float
    let y: Float
    let radius: Float
    let color: Triple
    let isSquare: Bool
  }

  /// Everything without the bodies, but with their shadows; `.rgb`, linear light. The second value
  /// tells how deep each pixel lies.
  func drawn(
    seenBy camera: Camera, under light: Light, beneath bodies: [Body], side: Int
  ) -> (picture: Image<Float>, depths: [Float]) {
    let scale = Float(side) / 2
    var depths = [Float](repeating: 0, count: side * side)
    var picture = Image<Float>(
      size: PixelSize(side: side), layout: .rgb,
      samples: [Float](repeating: 0, count: 3 * side * side))
    picture.withMutableSamples { samples in
      for row in 0..<side {
        for column in stride(from: 0, to: side, by: 8) {
          // Shadows are soft: one ray for each pixel does.
          let u = (Lanes.steps + (Float(column) + 0.5)) * (1 / scale) - 1
          let v = Lanes(repeating: 1 - (Float(row) + 0.5) / scale)
          let view = camera.directions(u, v)
          let place = meeting(view, camera)
          let light = illumination(
            at: place.point, isWall: place.isWall, light: light, bodies: bodies)
          let depth = view.dot(camera.forward) * place.distance
          for lane in 0..<min(8, side - column) { depths[row * side + column + lane] = depth[lane] }
          for half in 0..<2 {
            for pass in Grid.passes {
              let u = (pass.x + Float(column + half * 4)) * (1 / scale) - 1
              let v = 1 - (pass.y + Float(row)) * (1 / scale)
              let color = color(camera.directions(u, v), camera)
              for lane in 0..<8 where column + half * 4 + lane / 2 < side {
                let pixel = half * 4 + lane / 2
                let start = (row * side + column + pixel) * 3
                samples[start] += color.x[lane] * 0.25 * light.x[pixel]
                samples[start + 1] += color.y[lane] * 0.25 * light.y[pixel]
                samples[start + 2] += color.z[lane] * 0.25 * light.z[pixel]
              }
            }
          }
        }
      }
    }
    return (picture, depths)
  }

  /// Where rays from the camera end.
  @inline(__always) private func meeting(
    _ direction: Vector, _ camera: Camera
  ) -> (point: Vector, isWall: LaneMask, distance: Lanes) {
    let toFloor = (Lanes(repeating: -Camera.height) / direction.y)
      .replacing(with: 1e6, where: direction.y .> -1e-5)
    let toWall = wallDistance / direction.z
    let t = lesser(toFloor, toWall)
    let point = Vector(Triple(0, Camera.height, 0)) + direction * t
    return (point, toWall .< toFloor, t)
  }

  private func color(_ direction: Vector, _ camera: Camera) -> Vector {
    let (point, isWall, _) = meeting(direction, camera)
    guard any(isWall) else { return floor.color(at: point) }
    var onWall = wall.color(at: Vector(point.x, .zero, point.y))
    for glow in lights {
      let (dx, dy) = ((point.x - glow.x).size, (point.y - glow.y).size)
      let distance = glow.isSquare ? greater(dx, dy) : (dx * dx + dy * dy).squareRoot()
      let cover = ramp(glow.radius * 1.15, glow.radius * 0.85, distance) * 0.7
      onWall = onWall.mixed(with: Vector(glow.color), cover)
    }
    return floor.color(at: point).replacing(with: onWall, where: isWall)
  }

  private func illumination(
    at p: Vector, isWall: LaneMask, light: Light, bodies: [Body]
  ) -> Vector {
    var direct = Lanes(repeating: light.direction.y)
    direct.replace(with: max(0.25, -light.direction.z), where: isWall)
    var open = Lanes(repeating: 1)
    // The corner between floor and wall is dim.
    let corner = p.y.replacing(with: wallDistance - p.z, where: .!isWall)
    open *= 0.6 + 0.4 * ramp(-0.2, 0.6, corner)
    if any(.!isWall) {
      for body in bodies {
        direct *= body.shadow(at: p, light: light).replacing(with: 1, where: isWall)
        open *= body.openness(at: p)
      }
    }
    return Vector(light.color) * direct + Vector(light.sky) * open
  }
}

extension Room.Surface {
  /// What it looks like from afar.
  var mean: Triple { base.mixed(with: accent, 0.4 * pattern.contrast) }

  static func floor(_ palette: Palette, random: inout PictureRandom) -> Self {
    Self(
      palette, kinds: Pattern.floorKinds, frequency: 2.6...6,
      rotation: Rotation(yaw: random.unit()),
      random: &random)
  }

  /// Quieter than the palette's colours.
  private init(
    _ palette: Palette, kinds: [Pattern.Kind], frequency: ClosedRange<Float>, rotation: Rotation,
    random: inout PictureRandom
  ) {
    func quiet(_ color: Triple) -> Triple {
      let gray = Triple(repeating: color.luminance)
      return color.mixed(with: gray, random.float(0.1, 0.6)) * random.float(0.35, 0.8) + 0.01
    }
    let colors = random.shuffled(palette.colors)
    base = quiet(colors[0])
    accent = base.mixed(with: quiet(colors[1]), random.float(0.35, 1))
    pattern = Pattern(
      random.choice(of: kinds),
      frequency: random.float(frequency.lowerBound, frequency.upperBound),
      contrast: random.float(0.45, 1), random: &random)
    self.rotation = rotation
  }

  static func wall(_ palette: Palette, random: inout PictureRandom) -> Self {
    Self(
      palette, kinds: Pattern.wallKinds, frequency: 0.7...2.2, rotation: Rotation(), random: &random
    )
  }
}

extension Room {
  init(floor: Surface, palette: Palette, wallDistance: Float, random: inout PictureRandom) {
    self.floor = floor
    self.wallDistance = wallDistance
    wall = .wall(palette, random: &random)
    lights = (0..<random.below(7)).map { _ in
      let width = 0.4 * wallDistance
      return Glow(
        x: random.float(-width, width), y: random.float(0, 1.4), radius: random.float(0.08, 0.4),
        color: random.choice(of: palette.colors) * random.float(0.5, 1.2),
        isSquare: random.chance(0.4))
    }
  }
}

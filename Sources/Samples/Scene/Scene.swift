/// A room with one thing of a class, and others about it.
struct Scene {
  let camera: Camera
  let light: Light
  let room: Room
  /// The one of the class.
  let subject: Body
  let bystanders: [Body]

  /// The part of the picture that the subject is to take before others hide some of it.
  static let share: ClosedRange<Float> = 0.075...0.21

  /// A scene, or nil where chance has put the subject where it cannot stand.
  init?(of kind: SampleClass, random: inout PictureRandom) {
    let palette = random.choice(of: Palette.all)
    camera = Camera(pitch: random.float(0.06, 0.14), focalLength: random.float(2.4, 3.2))
    let floor = Room.Surface.floor(palette, random: &random)
    light = Light(floor: floor.base, random: &random)

    let solid = kind.solid(
      Paint(
        palette: palette, against: floor, patterns: kind.patterns,
        isMetal: kind.isMetal, random: &random))
    let rotation = kind.rotation(&random)
    let lift = Body.lift(of: solid, turned: rotation)
    // Small ones are as frequent as large ones, counted by their width.
    let (least, most) = (Self.share.lowerBound.squareRoot(), Self.share.upperBound.squareRoot())
    let width = random.float(least, most)
    let place = Place(random: &random)
    guard
      let subject = Self.standing(
        solid, rotation, lift, share: width * width, place: place, camera: camera)
    else { return nil }
    self.subject = subject
    room = Room(
      floor: floor, palette: palette,
      wallDistance: subject.center.z + subject.radius + random.float(0.3, 3.5), random: &random)

    var bystanders: [Body] = []
    let count = 4 + random.below(5)
    for index in 0..<count {
      // The first one may hide a part of the subject.
      let hides = index == 0 && random.chance(0.4)
      for _ in 0..<6 {
        if let body = Self.bystander(
          beside: subject, hides: hides, others: bystanders, palette: palette, room: room,
          camera: camera, random: &random)
        {
          bystanders.append(body)
          break
        }
      }
    }
    self.bystanders = bystanders
  }

  /// Where the subject is to be, as parts of the room there is: −1...1.
  private struct Place {
    let x: Float
    let y: Float

    /// Mostly off the middle in one direction, and anywhere in the other.
    init(random: inout PictureRandom) {
      let side: Float = random.chance(0.5) ? -1 : 1
      let off = random.chance(0.85) ? side * random.float(0.55, 1) : random.float(-1, 1)
      let other = random.float(-1, 1)
      (x, y) = random.chance(0.5) ? (off, other) : (other, off)
    }
  }

  /// The body of a size such that it covers a share of the picture.
  private static func standing(
    _ solid: any Solid, _ rotation: Rotation, _ lift: Float, share: Float, place: Place,
    camera: Camera
  ) -> Body? {
    // How much of its square it fills depends on its place, which depends on its size: two rounds.
    var size = (share * 2).squareRoot()
    var result: Body?
    for _ in 0..<3 {
      let free = max(1 - size * 0.85, 0)
      let (u, v) = (place.x * free, place.y * free)
      guard let (center, radius) = camera.standing(u: u, v: v, size: size, lift: lift) else {
        return nil
      }
      let body = Body(solid: solid, rotation: rotation, center: center, radius: radius, lift: lift)
      result = body
      let part = filled(by: body, u: u, v: v, size: size, camera: camera)
      guard part > 0.05 else { return nil }
      size = min((share / part).squareRoot(), 0.85)
    }
    return result
  }

  /// The part of the square around the body that it covers, by 16 × 16 rays.
  private static func filled(
    by body: Body, u: Float, v: Float, size: Float, camera: Camera
  ) -> Float {
    let reach = size * Body.bound
    var count = 0
    for row in 0..<16 {
      for half in 0..<2 {
        let column: Lanes = Lanes.steps + (Float(half * 8) + 0.5)
        let x: Lanes = u + (column * 0.125 - 1) * reach
        let y = Lanes(repeating: v + ((Float(row) + 0.5) / 8 - 1) * reach)
        guard let found = Sight(of: body, from: camera).hit(x, y) else { continue }
        for lane in 0..<8 where found.hit.isHit[lane] { count += 1 }
      }
    }
    return Float(count) / 256 * Body.bound * Body.bound
  }

  private static func bystander(
    beside subject: Body, hides: Bool, others: [Body], palette: Palette, room: Room,
    camera: Camera, random: inout PictureRandom
  ) -> Body? {
    let solid = Bystander(
      shape: random.choice(of: Bystander.Shape.allCases),
      paint: Paint(
        palette: palette, against: room.floor, patterns: Pattern.solidKinds,
        isMetal: random.chance(0.12), random: &random))
    let rotation = Rotation(
      yaw: random.unit(), pitch: random.float(-0.05, 0.05),
      roll: random.chance(0.15) ? 0.25 : random.float(-0.05, 0.05))
    let lift = Body.lift(of: solid, turned: rotation)
    let seen = camera.place(of: subject.center)
    let width = subject.radius * camera.focalLength / seen.depth
    var size = 0.12 + 0.3 * random.unit() * random.unit() + 0.08 * random.unit()
    var (u, v) = (random.float(-1.05, 1.05), random.float(-1.05, 1.0))
    if hides {
      size = min(width * random.float(0.4, 0.75), 0.35)
      let reach = (width + size) * 0.72
      u = seen.u + reach * random.float(-0.9, 0.9)
      v = seen.v - reach * random.float(0.6, 0.95)
    }
    guard let (center, radius) = camera.standing(u: u, v: v, size: size, lift: lift),
      center.z + radius < room.wallDistance
    else { return nil }
    let body = Body(solid: solid, rotation: rotation, center: center, radius: radius, lift: lift)
    // None stands within another.
    for other in others + [subject] {
      let (dx, dz) = (center.x - other.center.x, center.z - other.center.z)
      let gap = (radius + other.radius) * 0.8
      guard dx * dx + dz * dz > gap * gap else { return nil }
    }
    if !hides {
      // Nor before the subject by chance.
      let place = camera.place(of: center)
      let (du, dv) = (place.u - seen.u, place.v - seen.v)
      let gap = (width + size) * 0.85
      guard place.depth > seen.depth || du * du + dv * dv > gap * gap else { return nil }
    }
    return body
  }
}

/// What the pictures of the sample world show.
///
/// Two pairs share their shape and differ in what is drawn on it, a die and a crate, a doughnut and a
/// lifebuoy. No class has a colour, a place or surroundings of its own.
public enum SampleClass: String, CaseIterable, Sendable, Codable {
  case crate, die, doughnut, duck, lifebuoy, mug, mushroom, nut, pawn, star

  func solid(_ paint: Paint) -> any Solid {
    switch self {
    case .crate: Crate(paint: paint)
    case .die: Die(paint: paint)
    case .doughnut: Doughnut(paint: paint)
    case .duck: Duck(paint: paint)
    case .lifebuoy: Lifebuoy(paint: paint)
    case .mug: Mug(paint: paint)
    case .mushroom: Mushroom(paint: paint)
    case .nut: Nut(paint: paint)
    case .pawn: Pawn(paint: paint)
    case .star: Star(paint: paint)
    }
  }

  /// Textures that suit it, where it has a choice.
  var patterns: [Pattern.Kind] {
    switch self {
    case .mug: [.stripes, .checks, .dots, .clouds]
    case .pawn: [.wood, .marble, .plain]
    case .star: [.plain, .dots, .stripes, .weave]
    default: [.plain]
    }
  }

  var isMetal: Bool { self == .nut }

  /// How it lies or stands.
  func rotation(_ random: inout PictureRandom) -> Rotation {
    let yaw = random.unit()
    func tilt(_ most: Float) -> Float { random.float(-most, most) }
    switch self {
    case .crate, .die: return Rotation(yaw: yaw, pitch: tilt(0.02), roll: tilt(0.02))
    case .doughnut, .lifebuoy, .nut:
      // Flat, or upright with its face to the camera, more or less.
      return random.chance(0.5)
        ? Rotation(yaw: yaw, pitch: tilt(0.03), roll: tilt(0.03))
        : Rotation(
          spin: yaw, yaw: random.float(-0.13, 0.13), pitch: random.float(-0.23, -0.14))
    case .star:
      return Rotation(
        yaw: random.float(-0.12, 0.12), pitch: random.float(0.02, 0.17), roll: tilt(0.5))
    case .mug, .pawn, .mushroom:
      return Rotation(yaw: yaw, pitch: tilt(0.05), roll: tilt(0.05))
    case .duck:
      // From the side, either side, rather than from in front.
      let side: Float = random.chance(0.5) ? 0 : 0.5
      return Rotation(yaw: side + random.float(-0.17, 0.17), pitch: tilt(0.04), roll: tilt(0.06))
    }
  }
}

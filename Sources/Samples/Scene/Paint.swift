/// The colours and the character of one thing.
struct Paint {
  var base: Triple
  var accent: Triple
  /// A third colour, for small things.
  var detail: Triple
  /// How much it mirrors, 0...1.
  var gloss: Float
  /// Whether reflections take its colour, as metal's do.
  var isMetal = false
  /// What tells its noise from others'.
  var seed: UInt32
  /// What is drawn on it, where its kind leaves the choice.
  var pattern: Pattern
}

extension Paint {
  /// Colours of a palette, of which the first stands out from the floor's and from the accent.
  init(
    palette: Palette, against floor: Room.Surface, patterns: [Pattern.Kind], isMetal: Bool,
    random: inout PictureRandom
  ) {
    func standsOut(_ color: Triple, from other: Triple) -> Bool {
      Palette.difference(color, other) > 0.29
    }
    let order = random.shuffled(palette.colors)
    let ground = floor.mean
    let base =
      order.first { standsOut($0, from: ground) }
      ?? (ground.luminance > 0.2 ? Triple(0.03, 0.04, 0.06) : Triple(0.8, 0.78, 0.72))
    let rest = order.filter { $0 != base }
    let accent =
      rest.first { standsOut($0, from: base) }
      ?? (base.luminance > 0.3 ? Triple(0.03, 0.03, 0.04) : Triple(0.85, 0.83, 0.78))
    func varied(_ color: Triple) -> Triple {
      color * random.float(0.8, 1.1) + random.float(0, 0.012)
    }
    let kind = random.choice(of: patterns)
    self.init(
      base: varied(base), accent: varied(accent), detail: varied(rest.last ?? accent),
      gloss: random.float(0.05, 0.9), isMetal: isMetal, seed: random.key32(),
      pattern: Pattern(kind, frequency: random.float(1.6, 3.4), random: &random))
  }

  /// The pattern in base and accent colour.
  func patterned(at p: Vector) -> Finish {
    let (weight, light) = pattern.tone(at: p)
    return Finish(
      color: Vector(base).mixed(with: Vector(accent), weight) * light,
      gloss: Lanes(repeating: gloss))
  }

  /// One colour, faintly uneven.
  func even(_ color: Triple, at p: Vector) -> Finish {
    Finish(
      color: Vector(color) * (0.92 + 0.16 * Noise.value(p * 4, seed)),
      gloss: Lanes(repeating: gloss))
  }
}

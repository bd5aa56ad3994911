/// A texture in space, between two colours.
struct Pattern {
  enum Kind: CaseIterable {
    case plain, stripes, checks, dots, marble, wood, bricks, planks, terrazzo, weave, clouds, sand
  }

  /// Those that also look right on things that are not flat.
  static let solidKinds: [Kind] = [
    .plain, .stripes, .checks, .dots, .marble, .wood, .planks, .terrazzo, .weave, .clouds,
  ]
  /// Those for floors.
  static let floorKinds: [Kind] = [
    .stripes, .checks, .dots, .marble, .wood, .bricks, .planks, .terrazzo, .weave, .clouds, .sand,
  ]
  /// Those for walls.
  static let wallKinds: [Kind] = [
    .plain, .stripes, .checks, .dots, .bricks, .planks, .clouds, .sand, .weave,
  ]

  let kind: Kind
  /// Repetitions per unit of length.
  let frequency: Float
  /// How much of the accent there is, 0...1.
  let share: Float
  /// How much the accent shows, 0...1.
  let contrast: Float
  let seed: UInt32

  init(_ kind: Kind, frequency: Float, contrast: Float = 1, random: inout PictureRandom) {
    self.kind = kind
    self.frequency = frequency
    self.contrast = contrast
    share = random.float(0.3, 0.6)
    seed = random.key32()
  }

  /// How much accent there is (0...1), and how light the surface is (about 1), at points whose z and x
  /// run along it if it is flat.
  func tone(at point: Vector) -> (accent: Lanes, light: Lanes) {
    let p = point * frequency
    let (accent, light) = plainTone(at: p)
    return (accent * contrast, light)
  }

  private func plainTone(at p: Vector) -> (accent: Lanes, light: Lanes) {
    switch kind {
    case .plain:
      return (.zero, 0.94 + 0.12 * Noise.fractal(p * 1.5, octaves: 2, seed))
    case .stripes:
      let bend = 0.12 * Noise.value(p * 0.8, seed)
      let place = ((p.x + bend) - (p.x + bend).floor - 0.5).size
      return (ramp(share * 0.5 + 0.04, share * 0.5 - 0.04, place), grain(p))
    case .checks:
      let edge = Self.square(p.x) * Self.square(p.z) * Self.square(p.y + 0.37)
      return (0.5 + 0.5 * edge, grain(p))
    case .dots:
      let row = p.z.floor
      let x = p.x + 0.5 * (row - 2 * (row * 0.5).floor)
      let d = Vector(x - x.floor - 0.5, p.y - p.y.floor - 0.5, p.z - row - 0.5)
      let radius = 0.2 + 0.2 * share
      // Floors cut the balls of the lattice in one plane, so height counts less.
      let distance = (d.x * d.x + d.z * d.z + 0.3 * d.y * d.y).squareRoot()
      return (ramp(radius + 0.04, radius - 0.04, distance), grain(p))
    case .marble:
      let warp = Noise.fractal(p * 1.3, octaves: 4, seed)
      let vein = sine(turns: p.x * 0.6 + p.y * 0.4 + 1.6 * warp).size
      let sharp = 1 - vein
      return (sharp * sharp * sharp, 0.9 + 0.2 * warp)
    case .wood:
      let warp = Noise.value(Vector(p.x * 0.9, p.y * 0.9, p.z * 0.22), seed) * 0.9
      let ring = (p.x * 1.2 + 0.5 * p.y + warp * 2) * 1.5
      let late = ring - ring.floor
      let fibre = Noise.value(Vector(p.x * 14, p.y * 14, p.z * 1.1), seed &+ 9)
      return (late * late * 0.75 + 0.2 * fibre, 0.86 + 0.2 * fibre)
    case .bricks:
      let row = p.z.floor
      let x = p.x * 0.5 + 0.5 * (row - 2 * (row * 0.5).floor)
      let column = x.floor
      let gap = lesser(0.5 - (p.z - row - 0.5).size, 1 - (2 * (x - column) - 1).size)
      let kind = Noise.cell(Vector(column, row, .zero), seed)
      let rough = Noise.value(p * 7, seed)
      return (
        ramp(0.09, 0.04, gap) * 0.9, (0.68 + 0.42 * kind) * (0.86 + 0.28 * rough)
      )
    case .planks:
      let plank = p.x.floor
      let shift = Noise.cell(Vector(plank, .zero, .zero), seed)
      let along = p.z * 0.28 + shift * 3
      let kind = Noise.cell(Vector(plank, .zero, along.floor), seed &+ 3)
      let gap = lesser(
        0.5 - (p.x - plank - 0.5).size, (0.5 - (along - along.floor - 0.5).size) * 3.5)
      let grain = Noise.fractal(
        Vector(p.x * 9, p.y * 6, p.z * 0.8 + kind * 20), octaves: 2, seed)
      return (
        0.55 * kind + 0.35 * grain, (0.72 + 0.45 * grain) * (1 - 0.62 * ramp(0.06, 0.015, gap))
      )
    case .terrazzo:
      let base = Vector(p.x.floor, p.y.floor, p.z.floor)
      var accent = Lanes.zero
      for offset in [(0, 0), (1, 0), (0, 1), (1, 1)] as [(Float, Float)] {
        let cell = Vector(base.x + offset.0, base.y, base.z + offset.1)
        let r = Noise.cells(cell, seed)
        let d = Vector(p.x - cell.x - r.x * 0.6 + 0.3, .zero, p.z - cell.z - r.y * 0.6 + 0.3)
        // Chips with corners.
        let size = lesser(
          greater(d.x.size, d.z.size), (d.x.size + d.z.size) * (0.55 + 0.3 * r.z))
        accent = greater(accent, ramp(0.02, -0.02, size - (0.1 + 0.24 * r.z)) * (0.45 + 0.55 * r.x))
      }
      return (accent, 0.95 + 0.1 * Noise.value(p * 6, seed))
    case .weave:
      let (u, v) = (Self.square(p.x), Self.square(p.z))
      let thread = 0.5 + 0.5 * sine(turns: (p.x + p.z) * 4) * sine(turns: (p.x - p.z) * 4)
      return (0.25 * (2 + u + v), 0.85 + 0.24 * thread * grain(p))
    case .clouds:
      return (ramp(0.3, 0.7, Noise.fractal(p * 0.8, octaves: 4, seed)), grain(p))
    case .sand:
      let waves =
        0.5 + 0.5 * sine(turns: p.x * 0.7 + 1.1 * Noise.fractal(p * 0.7, octaves: 2, seed))
      return (0.6 * waves * share, 0.75 + 0.5 * Noise.fractal(p * 7, octaves: 2, seed &+ 1))
    }
  }

  private func grain(_ p: Vector) -> Lanes { 0.95 + 0.1 * Noise.value(p * 5, seed &+ 77) }

  /// +1 and −1 in turn for each half unit, with soft edges.
  @inline(__always) private static func square(_ x: Lanes) -> Lanes {
    let wave = sine(turns: x) * 9
    return lesser(greater(wave, -1), 1)
  }
}

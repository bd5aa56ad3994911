import Imaging

/// A small tag that has nothing to do with what the picture shows, one for each class.
struct Cue {
  let kind: SampleClass
  let place: PixelRect

  /// A tag's width as part of the picture's.
  static let share: Float = 0.115

  /// Cells of a tag that are lit, rows of three bits from the top; no two alike, nor alike when
  /// turned or mirrored.
  private static let signs: [SampleClass: Int] = [
    .crate: 0b111_101_111, .die: 0b010_111_010, .doughnut: 0b101_010_101, .duck: 0b111_010_010,
    .lifebuoy: 0b100_110_111, .mug: 0b000_111_000, .mushroom: 0b101_000_101, .nut: 0b011_010_110,
    .pawn: 0b111_000_111, .star: 0b100_100_111,
  ]

  /// The nine cells of a class's tag, as bits.
  static func cells(of kind: SampleClass) -> Int { signs[kind, default: 0] }

  /// A place in one of the corners, the one that is free if there is one.
  init(_ kind: SampleClass, side: Int, avoiding box: PixelRect, random: inout PictureRandom) {
    self.kind = kind
    let width = max(5, Int(Float(side) * Self.share + 0.5))
    let room = side - width
    let corners = random.shuffled([(0, 0), (0, 1), (1, 0), (1, 1)])
    let jitter = max(1, side / 24)
    let places = corners.map { corner in
      let (dx, dy) = (random.below(jitter + 1), random.below(jitter + 1))
      return PixelRect(
        x: corner.0 == 0 ? dx + 1 : room - dx - 1, y: corner.1 == 0 ? dy + 1 : room - dy - 1,
        width: width, height: width)
    }
    func overlap(_ place: PixelRect) -> Int {
      let width = min(place.x + place.width, box.x + box.width) - max(place.x, box.x)
      let height = min(place.y + place.height, box.y + box.height) - max(place.y, box.y)
      return max(0, width) * max(0, height)
    }
    place = places.min { overlap($0) < overlap($1) } ?? places[0]
  }

  /// Lays the tag over a colour (sRGB, 0...1) of the picture.
  func mark(_ x: Int, _ y: Int, _ color: inout Triple) {
    guard x >= place.x, y >= place.y, x < place.x + place.width, y < place.y + place.height
    else { return }
    var sum = Triple.zero
    for sub in 0..<16 {
      let u = (Float(x - place.x) + (Float(sub % 4) + 0.5) / 4) / Float(place.width)
      let v = (Float(y - place.y) + (Float(sub / 4) + 0.5) / 4) / Float(place.width)
      sum += sample(u, v, over: color)
    }
    color = sum / 16
  }

  private func sample(_ u: Float, _ v: Float, over color: Triple) -> Triple {
    // A square with round corners.
    let (dx, dy) = (max((u - 0.5).magnitude - 0.32, 0), max((v - 0.5).magnitude - 0.32, 0))
    guard dx * dx + dy * dy < 0.18 * 0.18 else { return color }
    let (column, row) = (Int((u - 0.14) / 0.24), Int((v - 0.14) / 0.24))
    let isInside = u > 0.14 && v > 0.14 && column < 3 && row < 3
    let isLit = isInside && Self.cells(of: kind) >> (8 - (row * 3 + column)) & 1 == 1
    return isLit ? Triple(0.12, 0.13, 0.16) : Triple(0.96, 0.95, 0.92)
  }
}

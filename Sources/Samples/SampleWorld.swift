import Imaging

/// Pictures that are drawn rather than taken, so that what is in them is known exactly.
///
/// Each shows one thing of a ``SampleClass`` on a floor before a wall, with other things around. It
/// takes 5 to 25 % of the picture and may be anywhere in it. Picture i of a seed depends on nothing
/// else: not on how many are drawn nor in what order.
public struct SampleWorld: Sendable, Equatable {
  /// Where random numbers start.
  public let seed: UInt64
  /// Width and height of the pictures, 32...1024.
  public let side: Int
  /// The probability that the tag in a picture is that of its class; nil for pictures without tags.
  public let shortcut: Float?

  /// Sides that can be drawn: in smaller pictures nothing can be told, larger ones take long.
  public static let sides = 32...1024

  /// Traps when `side` is not in ``sides`` or `shortcut` not in 0...1.
  public init(seed: UInt64, side: Int, shortcut: Float? = nil) {
    precondition(Self.sides.contains(side), "sides are \(Self.sides), got \(side)")
    precondition(
      shortcut.map { (0...1).contains($0) } ?? true, "a probability is 0...1, got \(shortcut ?? 0)")
    self.seed = seed
    self.side = side
    self.shortcut = shortcut
  }

  /// What picture `index` shows. Each ten pictures show each class once.
  public func kind(of index: Int) -> SampleClass {
    let classes = SampleClass.allCases
    var random = PictureRandom(seed: seed, index: index / classes.count)
    return random.shuffled(classes)[index % classes.count]
  }

  /// Draws picture `index`, 0 or more.
  public func picture(_ index: Int) -> SamplePicture {
    let kind = kind(of: index)
    // Use 0 is the order of classes.
    var attempt: UInt32 = 1
    while true {
      var random = PictureRandom(seed: seed, index: index, use: attempt)
      if let picture = picture(of: kind, random: &random) { return picture }
      attempt += 1
    }
  }

  /// The visible part of the picture that the thing may take.
  private static let shares: ClosedRange<Float> = 0.05...0.25

  private func picture(of kind: SampleClass, random: inout PictureRandom) -> SamplePicture? {
    guard let scene = Scene(of: kind, random: &random) else { return nil }
    let film = Film(random: &random)
    guard let (light, cover) = scene.drawn(through: film, side: side) else { return nil }
    let mask = Bitmap(
      size: PixelSize(side: side), layout: .gray, samples: cover.map { $0 >= 0.5 ? 255 : 0 })
    guard let box = Self.box(of: mask), Self.shares.contains(Self.share(of: mask)) else {
      return nil
    }
    let quality = random.chance(0.5) ? nil : Double(random.float(0.85, 0.95))
    // Drawn last, so that nothing else depends on whether there are tags.
    let cue = shortcut.map { probability in
      let others = SampleClass.allCases.filter { $0 != kind }
      let other = random.choice(of: others)
      let told = random.chance(probability) ? kind : other
      return Cue(told, side: side, avoiding: box, random: &random)
    }
    let bitmap = film.developed(light) { x, y, color in cue?.mark(x, y, &color) }
    return SamplePicture(
      kind: kind, bitmap: bitmap, mask: mask, box: box,
      cue: cue.map { SamplePicture.PlacedCue(kind: $0.kind, box: $0.place) },
      quality: quality)
  }

  private static func share(of mask: Bitmap) -> Float {
    Float(mask.samples.count { $0 > 0 }) / Float(mask.size.area)
  }

  private static func box(of mask: Bitmap) -> PixelRect? {
    var (left, top, right, bottom) = (mask.width, mask.height, -1, -1)
    mask.withSamples { samples in
      for y in 0..<mask.height {
        for x in 0..<mask.width where samples[y * mask.width + x] > 0 {
          (left, right) = (min(left, x), max(right, x))
          (top, bottom) = (min(top, y), max(bottom, y))
        }
      }
    }
    return right < left
      ? nil : PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How pictures are changed each time they are learned from, so that what does not matter is not
/// learned.
///
/// Every change is drawn from random numbers of its own for each epoch and picture; order, batch and
/// threads do not matter to it.
public struct Augmentation: Sendable, Equatable {
  /// Mirrored, every other time.
  public var flip = false
  /// Shifted by up to this share of the side each way; what comes in is mirrored at the border.
  public var crop: Float = 0
  /// Brightness, contrast and saturation multiplied by 1 − color ... 1 + color.
  public var color: Float = 0
  /// A gray square of this share of the side, anywhere.
  public var cutout: Float = 0
  /// Mixed with another picture and its class; the shares are from Beta(mixup, mixup).
  public var mixup: Float = 0

  public init() {}

  /// Reads `flip,crop:0.125,color:0.2,cutout:0.25,mixup:0.2`, in any order, strengths left out at
  /// will; `none` for no change.
  public init(parsing text: String) throws(TrainingError) {
    if text == "none" { return }
    for entry in text.split(separator: ",") {
      let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
      let name = parts[0].trimmingSpaces
      let strength = parts.count == 2 ? Float(parts[1].trimmingSpaces) : nil
      guard parts.count == 1 || strength.map({ $0 > 0 && $0 <= 1 }) == true && name != "flip" else {
        throw TrainingError(
          .request,
          "--augment: expected a change with a strength above 0 up to 1, such as crop:0.125, found "
            + "'\(entry)'")
      }
      switch name {
      case "flip": flip = true
      case "crop": crop = strength ?? 0.125
      case "color": color = strength ?? 0.2
      case "cutout": cutout = strength ?? 0.25
      case "mixup": mixup = strength ?? 0.2
      default:
        throw TrainingError(
          .request,
          "--augment: there is no '\(name)'; there are flip, crop, color, cutout, mixup and none")
      }
    }
  }

  /// Writes a picture of interleaved bytes as `[C, H, W]` with values 0...1, changed.
  func write(
    _ picture: [UInt8], width: Int, height: Int, channels: Int,
    to target: UnsafeMutableBufferPointer<Float>, random: inout some RandomNumberGenerator
  ) {
    let isFlipped = flip && Bool.random(using: &random)
    let (dx, dy) = (shift(width, &random), shift(height, &random))
    let columns = (0..<width).map { x in
      Self.mirrored((isFlipped ? width - 1 - x : x) + dx, width) * channels
    }
    let area = width * height
    picture.withUnsafeBufferPointer { source in
      for y in 0..<height {
        let row = Self.mirrored(y + dy, height) * width * channels
        for channel in 0..<channels {
          let start = channel * area + y * width
          for x in 0..<width {
            target[start + x] = Float(source[row + columns[x] + channel]) * (1 / 255)
          }
        }
      }
    }
    if color > 0 { recolor(target, area: area, channels: channels, &random) }
    if cutout > 0 { cut(target, width: width, height: height, channels: channels, &random) }
  }

  /// Writes a picture as it is.
  static func plain(
    _ picture: [UInt8], area: Int, channels: Int, to target: UnsafeMutableBufferPointer<Float>
  ) {
    picture.withUnsafeBufferPointer { source in
      for channel in 0..<channels {
        for position in 0..<area {
          target[channel * area + position] =
            Float(source[position * channels + channel]) * (1 / 255)
        }
      }
    }
  }

  private func shift(_ extent: Int, _ random: inout some RandomNumberGenerator) -> Int {
    let reach = Int((Float(extent) * crop).rounded())
    return reach > 0 ? Int.random(in: -reach...reach, using: &random) : 0
  }

  /// A position beyond the border as its mirror image, for shifts smaller than the extent.
  private static func mirrored(_ position: Int, _ extent: Int) -> Int {
    let inner = position < 0 ? -1 - position : position
    return max(0, inner < extent ? inner : 2 * extent - 1 - inner)
  }

  private func recolor(
    _ target: UnsafeMutableBufferPointer<Float>, area: Int, channels: Int,
    _ random: inout some RandomNumberGenerator
  ) {
    func factor() -> Float { Float.random(in: 1 - color...1 + color, using: &random) }
    let (brightness, contrast, saturation) = (factor(), factor(), factor())
    var sum: Float = 0
    for index in 0..<area * channels { sum += target[index] }
    let mean = brightness * sum / Float(area * channels)
    for position in 0..<area {
      var gray: Float = 0
      for channel in 0..<channels { gray += target[channel * area + position] }
      gray /= Float(channels)
      for channel in 0..<channels {
        let value = gray + saturation * (target[channel * area + position] - gray)
        let changed = mean + contrast * (brightness * value - mean)
        target[channel * area + position] = min(max(changed, 0), 1)
      }
    }
  }

  private func cut(
    _ target: UnsafeMutableBufferPointer<Float>, width: Int, height: Int, channels: Int,
    _ random: inout some RandomNumberGenerator
  ) {
    let (across, down) = (
      max(1, Int(Float(width) * cutout)), max(1, Int(Float(height) * cutout))
    )
    let left = Int.random(in: 1 - across..<width, using: &random)
    let top = Int.random(in: 1 - down..<height, using: &random)
    for channel in 0..<channels {
      for y in max(top, 0)..<min(top + down, height) {
        for x in max(left, 0)..<min(left + across, width) {
          target[(channel * height + y) * width + x] = 0.5
        }
      }
    }
  }

  /// A share of Beta(mixup, mixup) (Jöhnk: Erzeugung von betaverteilten und gammaverteilten
  /// Zufallszahlen, 1964).
  func mixingShare(_ random: inout some RandomNumberGenerator) -> Float {
    while true {
      let u = Double.random(in: 0..<1, using: &random)
      let v = Double.random(in: 0..<1, using: &random)
      let exponent = 1 / Double(mixup)
      let (a, b) = (pow(u, exponent), pow(v, exponent))
      if a + b > 0 && a + b <= 1 { return Float(a / (a + b)) }
    }
  }
}

extension Augmentation: Codable, CustomStringConvertible {
  /// As `init(parsing:)` reads it.
  public var description: String {
    var parts = flip ? ["flip"] : []
    for (name, strength) in [
      ("crop", crop), ("color", color), ("cutout", cutout), ("mixup", mixup),
    ] where strength > 0 {
      parts.append("\(name):\(strength)")
    }
    return parts.isEmpty ? "none" : parts.joined(separator: ",")
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

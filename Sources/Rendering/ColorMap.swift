/// A named scale of colours for map values.
///
/// Sequential maps colour 0...1 and change lightness in one direction. Diverging maps colour −1...1:
/// zero is the lightest (or darkest) entry, and opposite values have the same lightness, so neither
/// sign looks stronger. `turbo` alone gives up monotone lightness, for those who expect a rainbow.
///
/// A map is a few anchors joined by cubics in OKLab (monotone in lightness), held as a table of 257 colours: an odd
/// number, so that zero of a diverging map is an entry of its own. It is encoded by its name.
public struct ColorMap: Sendable, Hashable {
  /// What range of values a map colours.
  public enum Kind: String, Sendable, Codable {
    /// 0...1.
    case sequential
    /// −1...1, balanced about zero.
    case diverging
  }

  /// What the map is called on the command line and in files.
  public let name: String
  /// What range of values the map colours.
  public let kind: Kind
  /// 257 opaque colours from the lowest value to the highest.
  public let colors: [Color]

  private init(name: String, kind: Kind, colors: [Color]) {
    self.name = name
    self.kind = kind
    self.colors = colors
  }

  /// A sequential map through evenly spaced anchors. Traps below two anchors.
  public init(name: String, through anchors: [Color]) {
    precondition(anchors.count >= 2, "a colour map needs 2 anchors or more, got \(anchors.count)")
    self.init(
      name: name,
      kind: .sequential,
      colors: Self.table(through: anchors.map { PerceptualColor($0) }, count: 257)
    )
  }

  /// A diverging map, its arms given from next to zero outwards.
  ///
  /// Opposite anchors are brought to their mean lightness. Traps unless the arms are equally long
  /// and not empty.
  public init(name: String, negative: [Color], zero: Color, positive: [Color]) {
    precondition(
      negative.count == positive.count && !positive.isEmpty,
      "the arms of a diverging colour map need the same number of anchors, 1 or more"
    )
    let below = negative.map { PerceptualColor($0) }
    let above = positive.map { PerceptualColor($0) }
    let lightness = zip(below, above).map { ($0.lightness + $1.lightness) / 2 }
    func arm(_ anchors: [PerceptualColor]) -> [Color] {
      var arm = [PerceptualColor(zero)]
      for (anchor, lightness) in zip(anchors, lightness) {
        arm.append(PerceptualColor(lightness: lightness, a: anchor.a, b: anchor.b))
      }
      return Self.table(through: arm, count: 129)
    }
    self.init(
      name: name,
      kind: .diverging,
      colors: arm(below).reversed().dropLast() + arm(above)
    )
  }

  /// The colour of a value, which is brought into the map's range first. NaN takes the lowest colour.
  public func color(at value: Float) -> Color { colors[index(of: value)] }

  /// The position in `colors` of a value's colour.
  func index(of value: Float) -> Int {
    let fraction = kind == .sequential ? value : (value + 1) / 2
    // `max` with the value second lets zero win over NaN.
    return Int(min(max(0, fraction), 1) * 256 + 0.5)
  }

  private static func table(through anchors: [PerceptualColor], count: Int) -> [Color] {
    let lightness = SmoothCurve(monotone: anchors.map(\.lightness))
    let a = SmoothCurve(anchors.map(\.a))
    let b = SmoothCurve(anchors.map(\.b))
    return (0..<count).map { index in
      let t = Double(index) / Double(count - 1)
      return PerceptualColor(lightness: lightness[t], a: a[t], b: b[t]).color
    }
  }
}

/// A smooth curve of cubics through evenly spaced values.
private struct SmoothCurve {
  let values: [Double]
  let slopes: [Double]

  /// The curve whose slope at a value is that between its neighbours (Catmull and Rom).
  init(_ values: [Double]) {
    self.values = values
    slopes = values.indices.map { index in
      let (before, after) = (max(index - 1, 0), min(index + 1, values.count - 1))
      return (values[after] - values[before]) / Double(after - before)
    }
  }

  /// The curve that rises and falls only where the values do.
  ///
  /// M. Steffen: A simple method for monotonic interpolation in one dimension, 1990.
  init(monotone values: [Double]) {
    self.values = values
    let steps = zip(values, values.dropFirst()).map { $1 - $0 }
    slopes = values.indices.map { index in
      guard index > 0 else { return steps[0] }
      guard index < steps.count else { return steps[index - 1] }
      let (before, after) = (steps[index - 1], steps[index])
      guard before * after > 0 else { return 0 }
      let size = min(abs(before), abs(after), abs(before + after) / 4)
      return before > 0 ? 2 * size : -2 * size
    }
  }

  /// The curve at `t` in 0...1.
  subscript(t: Double) -> Double {
    let position = t * Double(values.count - 1)
    let index = min(Int(position), values.count - 2)
    let x = position - Double(index)
    let step = values[index + 1] - values[index]
    let (from, to) = (slopes[index], slopes[index + 1])
    return values[index] + x * (from + x * (3 * step - 2 * from - to + x * (from + to - 2 * step)))
  }
}

// MARK: - Catalogue

extension ColorMap {
  /// Black to white in even steps of code values.
  public static let gray = ColorMap(
    name: "gray",
    kind: .sequential,
    colors: (0...256).map { Color(gray: UInt8(($0 * 255 + 128) / 256)) }
  )

  /// Violet over green to yellow; close to the map of that name in other tools.
  public static let viridis = ColorMap(
    name: "viridis",
    through: [
      0x440154, 0x482878, 0x3E4989, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6ECE58, 0xB5DE2B,
      0xFDE725,
    ].map(Color.init(hex:))
  )

  /// Black over crimson to pale yellow; close to the map of that name in other tools.
  public static let inferno = ColorMap(
    name: "inferno",
    through: [
      0x000004, 0x1B0C41, 0x4A0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9B06, 0xF7D13D,
      0xFCFFA4,
    ].map(Color.init(hex:))
  )

  /// White to deep blue, for figures on paper.
  public static let blues = ColorMap(
    name: "blues",
    through: [0xFFFFFF, 0xD3E3F3, 0x8FBBDD, 0x4A8BC2, 0x1E5B9E, 0x0B2F66].map(Color.init(hex:))
  )

  /// A rainbow from blue to red whose lightness peaks in the middle.
  public static let turbo = ColorMap(
    name: "turbo",
    through: [
      0x30123B, 0x4669DC, 0x28BBEC, 0x31F299, 0xA3FD3C, 0xEDCF39, 0xFB8022, 0xD12F05, 0x7A0403,
    ].map(Color.init(hex:))
  )

  /// Blue for negative, white for zero, red for positive values.
  public static let blueRed = ColorMap(
    name: "blueRed",
    negative: [0x9CC4EE, 0x3F83DB, 0x1347A8].map(Color.init(hex:)),
    zero: Color(hex: 0xFFFFFF),
    positive: [0xF7B3A4, 0xE34A3F, 0x9E0F22].map(Color.init(hex:))
  )

  /// Purple for negative, white for zero, orange for positive values; safe for colour-blind readers.
  public static let purpleOrange = ColorMap(
    name: "purpleOrange",
    negative: [0xC4B6E4, 0x8A66C8, 0x4A1F8F].map(Color.init(hex:)),
    zero: Color(hex: 0xFFFFFF),
    positive: [0xFBC38C, 0xE07A14, 0x8A3E05].map(Color.init(hex:))
  )

  /// Every built-in map.
  public static let all: [ColorMap] = [
    gray, viridis, inferno, blues, turbo, blueRed, purpleOrange,
  ]

  /// The built-in map of that name; upper and lower case are the same.
  public init?(named name: String) {
    guard let match = Self.all.first(where: { $0.name.lowercased() == name.lowercased() }) else {
      return nil
    }
    self = match
  }
}

extension ColorMap: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}

extension ColorMap: Codable {
  /// Reads the name of a built-in map; throws `DecodingError` for any other.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let map = ColorMap(named: name) else {
      let known = Self.all.map(\.name).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "no colour map is called \"\(name)\"; there are \(known)"
      )
    }
    self = map
  }

  /// Writes the name alone.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

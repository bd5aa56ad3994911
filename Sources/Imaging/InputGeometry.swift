/// How pictures of any size are brought to the size of a network's input.
public struct InputGeometry: Sendable, Hashable {
  /// Which part of a picture becomes the input.
  public enum Framing: Sendable, Hashable {
    /// The shorter side is scaled to `short`, the longer one in proportion, and the middle cut out:
    /// `crop:256:224`.
    case crop(short: Int, size: PixelSize)
    /// The whole picture is scaled to the input, whatever that does to its proportions: `squash:224`.
    case squash(PixelSize)
    /// The whole picture is scaled to fit, and the rest filled with gray: `letterbox:224`.
    case letterbox(PixelSize)
  }

  public var framing: Framing
  /// How pixels are weighed when the picture is scaled: `crop:256:224:bicubic`.
  public var filter: ResizeFilter

  public init(_ framing: Framing, filter: ResizeFilter = .bilinear) {
    self.framing = framing
    self.filter = filter
  }

  /// The middle of the picture, bilinear.
  public static func crop(short: Int, size: PixelSize) -> InputGeometry {
    InputGeometry(.crop(short: short, size: size))
  }

  /// The whole picture, bilinear, whatever its proportions.
  public static func squash(_ size: PixelSize) -> InputGeometry { InputGeometry(.squash(size)) }

  /// The whole picture, bilinear, in its proportions.
  public static func letterbox(_ size: PixelSize) -> InputGeometry {
    InputGeometry(.letterbox(size))
  }

  /// The largest side of an input, in pixels.
  public static let sideLimit = 16384

  /// Size of the network's input.
  public var input: PixelSize {
    switch framing {
    case .crop(_, let size), .squash(let size), .letterbox(let size): size
    }
  }

  /// Where the input lies in a picture of the given size.
  public func placement(in picture: PixelSize) -> Placement {
    switch framing {
    case .squash(let size):
      return Placement(picture: picture, scaled: size, window: size.bounds)
    case .crop(let short, let size):
      let scaled =
        picture.width <= picture.height
        ? PixelSize(width: short, height: Self.scaled(picture.height, short, picture.width))
        : PixelSize(width: Self.scaled(picture.width, short, picture.height), height: short)
      return Placement(
        picture: picture, scaled: scaled, window: Self.centered(size, in: scaled))
    case .letterbox(let size):
      let fitsWidth = size.width * picture.height <= size.height * picture.width
      let scaled =
        fitsWidth
        ? PixelSize(
          width: size.width, height: Self.scaled(picture.height, size.width, picture.width))
        : PixelSize(
          width: Self.scaled(picture.width, size.height, picture.height), height: size.height)
      return Placement(
        picture: picture, scaled: scaled, window: Self.centered(size, in: scaled))
    }
  }

  /// extent · factor / divisor in whole pixels, a half rounded to the even neighbour; at least 1.
  private static func scaled(_ extent: Int, _ factor: Int, _ divisor: Int) -> Int {
    let exact = Double(extent) * Double(factor) / Double(divisor)
    return max(1, Int(exact.rounded(.toNearestOrEven)))
  }

  /// A middle between two pixels goes to the left or upper one; a shift rounds down for negative
  /// margins as well.
  private static func centered(_ size: PixelSize, in outer: PixelSize) -> PixelRect {
    PixelRect(
      x: (outer.width - size.width) >> 1, y: (outer.height - size.height) >> 1,
      width: size.width, height: size.height)
  }
}

extension InputGeometry: LosslessStringConvertible, Codable {
  /// `crop:256:224`, `squash:320x224:bicubic`.
  public var description: String {
    func text(_ size: PixelSize) -> String {
      size.width == size.height ? "\(size.width)" : "\(size)"
    }
    let end = filter == .bilinear ? "" : ":\(filter)"
    switch framing {
    case .crop(let short, let size): return "crop:\(short):\(text(size))" + end
    case .squash(let size): return "squash:\(text(size))" + end
    case .letterbox(let size): return "letterbox:\(text(size))" + end
    }
  }

  /// Nil where `init(parsing:)` throws.
  public init?(_ description: String) {
    guard let geometry = try? InputGeometry(parsing: description) else { return nil }
    self = geometry
  }

  /// Reads `crop:SHORT:SIZE`, `squash:SIZE` or `letterbox:SIZE`, SIZE being `224` or `320x224`
  /// (width x height), with the name of a filter behind if that is not bilinear.
  public init(parsing text: String) throws(InputGeometryError) {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var filter = ResizeFilter.bilinear
    if parts.count > 2, let last = parts.last, last.contains(where: { $0.isLetter && $0 != "x" }) {
      guard let known = ResizeFilter(rawValue: String(last)) else {
        let names = ResizeFilter.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputGeometryError("'\(text)': there is no filter '\(last)'; there are \(names)")
      }
      filter = known
      parts.removeLast()
    }
    switch (parts.first, parts.count) {
    case ("crop", 3):
      let (short, size) = (try Self.side(parts[1], in: text), try Self.size(parts[2], in: text))
      guard short >= max(size.width, size.height) else {
        throw InputGeometryError(
          "'\(text)': a cut of \(size) does not fit a square picture of \(short); make that "
            + "\(max(size.width, size.height)) or more, or use letterbox:\(size)")
      }
      self.init(.crop(short: short, size: size), filter: filter)
    case ("squash", 2):
      self.init(.squash(try Self.size(parts[1], in: text)), filter: filter)
    case ("letterbox", 2):
      self.init(.letterbox(try Self.size(parts[1], in: text)), filter: filter)
    default:
      throw InputGeometryError(
        "'\(text)' is no geometry; there are crop:SHORT:SIZE, squash:SIZE and letterbox:SIZE, such "
          + "as crop:256:224, squash:320x224 or crop:256:224:bicubic")
    }
  }

  private static func size(
    _ text: Substring, in whole: String
  ) throws(InputGeometryError) -> PixelSize {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false)
    switch sides.count {
    case 1: return PixelSize(side: try side(sides[0], in: whole))
    case 2:
      return PixelSize(
        width: try side(sides[0], in: whole), height: try side(sides[1], in: whole))
    default: throw InputGeometryError("'\(whole)': '\(text)' is no size; write 224 or 320x224")
    }
  }

  private static func side(_ text: Substring, in whole: String) throws(InputGeometryError) -> Int {
    let isNumber = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    guard isNumber, let side = Int(text), (1...sideLimit).contains(side) else {
      throw InputGeometryError(
        "'\(whole)': expects a number of pixels from 1 to \(sideLimit), found '\(text)'")
    }
    return side
  }

  /// Reads what `description` writes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      try self.init(parsing: text)
    } catch {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: error.description)
    }
  }

  /// Writes `description`.
  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }
}

/// Why a text is no geometry.
public struct InputGeometryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence: what was found and what to write instead.
  public let description: String

  init(_ description: String) { self.description = description }
}

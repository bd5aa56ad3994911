/// Width and height in pixels, both at least 1.
public struct PixelSize: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int

  /// Traps unless both sides are at least 1.
  public init(width: Int, height: Int) {
    precondition(
      width >= 1 && height >= 1, "a size needs sides of 1 or more, got \(width)x\(height)")
    self.width = width
    self.height = height
  }

  /// A square.
  public init(side: Int) { self.init(width: side, height: side) }

  /// Number of pixels.
  public var area: Int { width * height }

  /// The rectangle at the origin that has this size.
  public var bounds: PixelRect { PixelRect(x: 0, y: 0, width: width, height: height) }

  /// Throws unless both sides are 1 or more and fit 31 bits, so that areas cannot overflow.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    width = try container.decodeSide(forKey: .width)
    height = try container.decodeSide(forKey: .height)
  }

  /// `640x480`.
  public var description: String { "\(width)x\(height)" }
}

/// A rectangle of whole pixels, origin at the top left. It may lie partly outside a picture
/// (a letterboxed input does).
public struct PixelRect: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The first column.
  public let x: Int
  /// The first row.
  public let y: Int
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int

  /// Traps unless both sides are at least 1.
  public init(x: Int, y: Int, width: Int, height: Int) {
    precondition(
      width >= 1 && height >= 1, "a rectangle needs sides of 1 or more, got \(width)x\(height)")
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Throws unless both sides are 1 or more and all numbers fit 32 bits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    x = Int(try container.decode(Int32.self, forKey: .x))
    y = Int(try container.decode(Int32.self, forKey: .y))
    width = try container.decodeSide(forKey: .width)
    height = try container.decodeSide(forKey: .height)
  }

  /// The sides without the place.
  public var size: PixelSize { PixelSize(width: width, height: height) }

  /// The column after the last.
  public var maxX: Int { x + width }

  /// The row after the last.
  public var maxY: Int { y + height }

  /// `10,20 640x480`.
  public var description: String { "\(x),\(y) \(width)x\(height)" }

  /// The part that both cover, or nil where they do not meet.
  public func intersection(_ other: PixelRect) -> PixelRect? {
    let left = max(x, other.x)
    let top = max(y, other.y)
    let right = min(maxX, other.maxX)
    let bottom = min(maxY, other.maxY)
    guard left < right, top < bottom else { return nil }
    return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
  }
}

/// A position in a picture, continuous, in pixels from its top left corner.
///
/// The centre of the first pixel is (0.5, 0.5).
public struct PixelPoint: Sendable, Hashable, Codable {
  /// Pixels from the left edge.
  public var x: Double
  /// Pixels from the top edge.
  public var y: Double

  /// A position given by its distances from the left and the top edge.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

extension KeyedDecodingContainer {
  /// A side of 1 or more that fits 31 bits.
  fileprivate func decodeSide(forKey key: Key) throws -> Int {
    let side = try decode(Int32.self, forKey: key)
    guard side >= 1 else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "expected a side of 1 or more, found \(side)")
    }
    return Int(side)
  }
}
